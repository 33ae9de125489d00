"""Kubernetes' answers to rendering. Pure: objects in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from typing_extensions import override

from sealane.destinations.kubernetes.stencils import (
    config_objects,
    drain,
    field_types,
    job_ttl,
    jobs,
    known_fields,
    list_keys,
    replicas,
    resource_requests,
    scopes,
    standstill,
    variants,
)
from sealane.findings import Finding, Place
from sealane.formations.gates import Gate
from sealane.formations.health_checks import HealthCheck
from sealane.formations.model import Formation
from sealane.formations.strategy import Strategy
from sealane.stencils.configuration import ConfigContent
from sealane.stencils.merge_patch import FieldTypes
from sealane.stencils.model import Origin, Rendered
from sealane.stencils.placeholders import Placeholders
from sealane.stencils.platform import Claim, ExtractedJobs, Kind, Platform


class Kubernetes(Platform):
    """See `stencils.platform.Platform`."""

    @override
    def of_no_namespace(self, manifests: Iterable[Mapping[str, Any]]) -> frozenset[Kind]:
        return scopes.CLUSTER | scopes.defined(manifests)

    @override
    def problems(self, rendered: Sequence[Rendered]) -> Iterator[Finding]:
        yield from known_fields.problems(rendered)
        yield from list_keys.problems(rendered)

    @override
    def field_types(self, among: Iterable[Mapping[str, Any]]) -> FieldTypes:
        return partial(field_types.of, list_keys.known_tables(among))

    @override
    def claims(self, manifest: Mapping[str, Any], app: str) -> tuple[Claim, ...]:
        """Images and kinds are all that is limited in a cluster."""
        del manifest, app
        return ()

    @override
    def secret(
        self, name: str, app: str, formation: Formation, entries: Mapping[str, str]
    ) -> tuple[Rendered, list[Finding]]:
        return config_objects.secret(name, app, formation, entries), []

    @override
    def config(
        self, name: str, app: str, formation: Formation, content: ConfigContent
    ) -> tuple[Rendered, list[Finding]]:
        return config_objects.config(name, app, formation, content)

    @override
    def jobs(self, formation: Formation, rendered: Sequence[Rendered], words: Placeholders) -> ExtractedJobs:
        return jobs.make(formation, rendered, words)

    @override
    def confirmations(self, manifests: Iterable[Mapping[str, Any]]) -> tuple[Gate, ...]:
        """The formation's strategy has them all."""
        del manifests
        return ()

    @override
    def finished(self, rendered: Sequence[Rendered], formation: Formation) -> tuple[list[Rendered], list[Finding]]:
        """Jobs stay until the verdict, Deployments roll out by the formation's settings, and pods drain."""
        with_ttl = job_ttl.with_ttl(rendered, formation.strategy)
        made = [_with_strategy(item, formation) for item in with_ttl]
        findings: list[Finding] = []
        if formation.strategy.drain:
            made, findings = drain.drained(made, formation.strategy.drain, formation.at("strategy", "drain"))
        return made, [*findings, *standstill.problems(made, formation.strategy)]

    @override
    def whole(self, rendered: Sequence[Rendered], formation: Formation) -> Iterator[Finding]:
        strategy = formation.strategy
        yield from variants.problems(rendered, strategy, formation.at("strategy", strategy.kind))

    @override
    def health_problem(self, check: HealthCheck) -> Finding | None:
        """Kinds with pods are judged by them."""
        if check.kind not in _BY_PODS or check.group not in (None, _BY_PODS[check.kind]):
            return None
        message = f"Sealane judges a {check.kind} by its pods, which says more than an expression could"
        hint = "leave it out" if check.group is not None else "name the group if another kind of that name is meant"
        return Finding(message=message, place=Place(file=""), hint=hint)

    @override
    def scaled(self, manifest: Mapping[str, Any], instances: int) -> dict[str, Any] | None:
        return replicas.scaled(manifest, instances)

    @property
    @override
    def no_instances(self) -> str:
        return ""

    @override
    def restarted(self, manifest: Mapping[str, Any], at: datetime) -> dict[str, Any] | None:
        return replicas.restarted(manifest, at)

    @override
    def restarted_as(self, manifest: Mapping[str, Any], former: Mapping[str, Any]) -> dict[str, Any] | None:
        return replicas.restarted_as(manifest, former)

    @override
    def requests(self, manifests: Iterable[Mapping[str, Any]]) -> dict[str, float]:
        return resource_requests.requests(manifests)


PLATFORM = Kubernetes()
_BY_PODS = {
    "Deployment": "apps",
    "StatefulSet": "apps",
    "DaemonSet": "apps",
    "ReplicaSet": "apps",
    "Job": "batch",
    "Pod": "",
}


def _with_strategy(rendered: Rendered, formation: Formation) -> Rendered:
    """A Deployment without rollout settings in its stencil gets the formation's."""
    strategy, spec = formation.strategy, rendered.object.get("spec")
    if (
        not strategy.stated
        or strategy.kind not in ("rolling", "recreate")
        or rendered.key[:2] != ("apps", "Deployment")
        or not isinstance(spec, dict)
        or "strategy" in spec
    ):
        return rendered
    manifest = {**rendered.object, "spec": {**spec, "strategy": _deployment_strategy(strategy)}}
    places = {**rendered.origin.places, ("spec", "strategy"): formation.at("strategy")}
    return Rendered(object=manifest, origin=Origin(file=rendered.origin.file, places=places))


def _deployment_strategy(strategy: Strategy) -> dict[str, Any]:
    if strategy.kind == "recreate":
        return {"type": "Recreate"}
    limits = {"maxUnavailable": strategy.max_unavailable, "maxSurge": strategy.max_surge}
    given = {name: limit for name, limit in limits.items() if limit is not None}
    return {"type": "RollingUpdate", **({"rollingUpdate": given} if given else {})}
