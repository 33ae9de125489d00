"""A strategy's variants of workloads and Services: their names and labels, and which are concerned. Pure: reads manifests.

Blue-green colours every Deployment that a Service of the formation selects: `web` becomes `web-blue` and `web-green`. A
canary stands beside its Deployment as `web-canary`. Other workloads roll.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sealane.findings import Finding, Place
from sealane.formations.strategy import Strategy
from sealane.stencils.model import Rendered

Manifest = Mapping[str, Any]

COLOUR = "sealane.dev/colour"
TRACK = "sealane.dev/track"
BLUE, GREEN = "blue", "green"
CANARY = "canary"
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod")


def other(colour: str | None) -> str:
    """The other colour; the first one is blue."""
    return GREEN if colour == BLUE else BLUE


def coloured(name: str, colour: str) -> str:
    """The name of a Deployment in a colour."""
    return f"{name}-{colour}"


def canary(name: str) -> str:
    """The name of a Deployment's canary."""
    return f"{name}-{CANARY}"


def own_names(name: str) -> tuple[str, ...]:
    """The names of all Deployments that strategies make of one."""
    return (coloured(name, BLUE), coloured(name, GREEN), canary(name))


def plain_name(name: str) -> str:
    """The original name of a Deployment that a strategy made; any other name as it is."""
    for ending in (BLUE, GREEN, CANARY):
        if name.endswith(f"-{ending}"):
            return name.removesuffix(f"-{ending}")
    return name


def preview(name: str, strategy: Strategy) -> str:
    """The name of the Service that reaches the new version before the switch."""
    own = strategy.blue_green.preview_service if strategy.blue_green else None
    return own or f"{name}-preview"


def key(manifest: Manifest) -> str:
    """`Kind/name`."""
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def is_kind(manifest: Manifest, kind: str) -> bool:
    """Whether it is of Kubernetes' own kind of that name."""
    api = {"Service": "v1", "Pod": "v1"}.get(kind, "apps/v1")
    return manifest.get("kind") == kind and manifest.get("apiVersion") == api


def served(objects: Iterable[Manifest]) -> list[Manifest]:
    """The Deployments that a Service among the objects selects."""
    objects = tuple(objects)
    services = [manifest for manifest in objects if is_kind(manifest, "Service")]
    return [
        manifest
        for manifest in objects
        if is_kind(manifest, "Deployment") and any(selects(service, manifest) for service in services)
    ]


def selecting(objects: Iterable[Manifest]) -> list[Manifest]:
    """The Services that select a Deployment among the objects."""
    objects = tuple(objects)
    deployments = [manifest for manifest in objects if is_kind(manifest, "Deployment")]
    return [
        manifest
        for manifest in objects
        if is_kind(manifest, "Service") and any(selects(manifest, deployment) for deployment in deployments)
    ]


def selects(service: Manifest, workload: Manifest) -> bool:
    """Whether the Service's selector matches the labels of the workload's pods."""
    selector = _mapping(_mapping(service.get("spec")).get("selector"))
    spec = _mapping(workload.get("spec"))
    own = workload if workload.get("kind") == "Pod" else _mapping(spec.get("template"))
    labels = _mapping(_mapping(own.get("metadata")).get("labels"))
    same_place = service["metadata"].get("namespace") == workload["metadata"].get("namespace")
    return bool(selector) and same_place and all(labels.get(name) == value for name, value in selector.items())


def problems(rendered: Sequence[Rendered], strategy: Strategy, place: Place) -> list[Finding]:
    """Why the strategy can't work with these objects; `place` is its place in the formation's file."""
    objects = [item.object for item in rendered]
    if strategy.kind == "blue_green":
        return [*_unswitchable(objects, strategy, place), *_taken(objects, _blue_green_names(objects, strategy), place)]
    if strategy.kind == "canary":
        deployments = [manifest for manifest in objects if is_kind(manifest, "Deployment")]
        stateful = [manifest for manifest in objects if is_kind(manifest, "StatefulSet")]
        names = [f"Deployment/{canary(deployment['metadata']['name'])}" for deployment in deployments]
        if not deployments and not stateful:
            message = "there is no Deployment and no StatefulSet that could have a canary"
            return [Finding(message=message, place=place, hint="roll it: strategy: {rolling: {}}")]
        return _taken(objects, names, place)
    return []


def _unswitchable(objects: Sequence[Manifest], strategy: Strategy, place: Place) -> list[Finding]:
    deployments, services = served(objects), selecting(objects)
    if not deployments:
        message = "no Service selects a Deployment, so there is nothing that could be switched over"
        return [Finding(message=message, place=place, hint="add the Service, or roll it: strategy: {rolling: {}}")]
    findings = []
    if strategy.blue_green and strategy.blue_green.preview_service and len(services) > 1:
        message = f"{len(services)} Services are switched, and preview_service names one for all of them"
        findings.append(Finding(message=message, place=place, hint="leave preview_service out"))
    others = [
        manifest for manifest in objects if manifest.get("kind") in _WORKLOADS and not is_kind(manifest, "Deployment")
    ]
    for service in services:
        for workload in others:
            if selects(service, workload):
                message = f"{key(service)} selects {key(workload)} too, which has no colours to switch between"
                findings.append(Finding(message=message, place=place, hint="give each a Service of its own"))
    return findings


def _blue_green_names(objects: Sequence[Manifest], strategy: Strategy) -> list[str]:
    return [
        *(
            f"Deployment/{coloured(manifest['metadata']['name'], colour)}"
            for manifest in served(objects)
            for colour in (BLUE, GREEN)
        ),
        *(f"Service/{preview(manifest['metadata']['name'], strategy)}" for manifest in selecting(objects)),
    ]


def _taken(objects: Iterable[Manifest], names: Iterable[str], place: Place) -> list[Finding]:
    there = {key(manifest) for manifest in objects}
    return [
        Finding(
            message=f"{name} is what the strategy itself makes, and a stencil has one", place=place, hint="rename it"
        )
        for name in dict.fromkeys(names)
        if name in there
    ]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
