"""The drain: containers behind a Service keep serving for a while after the request to terminate. Pure: objects in, objects out.

A pod is told to terminate and removed from its Services at the same moment; the nodes learn of the removal a little later,
and send it new connections until then (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination).
An application that exits at once drops them. A `preStop` of its own is kept; without one, it gets the cluster's own
`sleep` action, which needs no program in the image (Kubernetes 1.30).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sealane.configfiles.documents import Path
from sealane.destinations.kubernetes.stencils import variants
from sealane.findings import Finding, Place
from sealane.stencils.model import Origin, Rendered

GRACE = 30
"""Seconds that a pod has to terminate by default (`terminationGracePeriodSeconds`)."""

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
_POD = ("spec", "template", "spec")


def drained(rendered: Sequence[Rendered], span: timedelta, place: Place) -> tuple[list[Rendered], list[Finding]]:
    """The objects, with workloads behind a Service draining for the span; `place` is its place in the formation's file.

    A pod that must end before it has drained is a finding.
    """
    services = [item.object for item in rendered if variants.is_kind(item.object, "Service")]
    made: list[Rendered] = []
    findings: list[Finding] = []
    for item in rendered:
        if not _serves(item.object, services) or not (indexes := _bare(item.object)):
            made.append(item)
            continue
        findings.extend(_too_short(item, span, place))
        made.append(_draining(item, indexes, span, place))
    return made, findings


def _serves(manifest: Mapping[str, Any], services: Iterable[Mapping[str, Any]]) -> bool:
    is_workload = any(variants.is_kind(manifest, kind) for kind in _WORKLOADS)
    return is_workload and any(variants.selects(service, manifest) for service in services)


def _bare(manifest: Mapping[str, Any]) -> list[int]:
    """Places of the containers without a preStop."""
    containers = _pod(manifest).get("containers")
    return [
        index
        for index, container in enumerate(containers if isinstance(containers, list) else ())
        if isinstance(container, dict) and not (container.get("lifecycle") or {}).get("preStop")
    ]


def _draining(rendered: Rendered, indexes: Sequence[int], span: timedelta, place: Place) -> Rendered:
    sleep = {"sleep": {"seconds": int(span.total_seconds())}}
    containers = [
        {**container, "lifecycle": {**(container.get("lifecycle") or {}), "preStop": sleep}}
        if index in indexes
        else container
        for index, container in enumerate(_pod(rendered.object)["containers"])
    ]
    spec, template = rendered.object["spec"], rendered.object["spec"]["template"]
    pod = {**template["spec"], "containers": containers}
    manifest = {**rendered.object, "spec": {**spec, "template": {**template, "spec": pod}}}
    places: dict[Path, Place] = {(*_POD, "containers", at, "lifecycle", "preStop"): place for at in indexes}
    return Rendered(
        object=manifest, origin=Origin(file=rendered.origin.file, places={**rendered.origin.places, **places})
    )


def _too_short(rendered: Rendered, span: timedelta, place: Place) -> list[Finding]:
    grace = _pod(rendered.object).get("terminationGracePeriodSeconds", GRACE)
    if not isinstance(grace, int) or grace > span.total_seconds():
        return []
    message = f"{rendered} is killed after {grace} s, before it has drained for {int(span.total_seconds())} s"
    hint = "give its pods a longer terminationGracePeriodSeconds, or drain for less"
    is_set = "terminationGracePeriodSeconds" in _pod(rendered.object)
    path = (*_POD, "terminationGracePeriodSeconds")
    return [Finding(message=message, place=rendered.origin.place(path) if is_set else place, hint=hint)]


def _pod(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    node = manifest
    for key in _POD:
        value = node.get(key)
        if not isinstance(value, dict):
            return {}
        node = value
    return node
