"""Canary: a share of the new version beside the old one. Pure: manifests in, manifests out.

A Deployment gets a second one beside it, whose pods have the same labels, so that the same Services select both.
Up to a share of one half, the old one keeps all its instances and the new ones are added; beyond that the old one shrinks.
A StatefulSet gives its last ordinals to the new version, by its partition.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sealane.destinations.kubernetes import autoscalers
from sealane.destinations.kubernetes.stencils import variants
from sealane.destinations.kubernetes.stencils.variants import Manifest
from sealane.destinations.kubernetes.strategies import blue_green, model

_HALF = 50


def concerned(objects: Sequence[Manifest], survey: model.LiveState) -> list[Manifest]:
    """The workloads that run, would get new instances, and can have a share of the new version."""
    return [
        manifest
        for manifest in objects
        if variants.key(manifest) in survey.moved
        and survey.replicas.get(variants.key(manifest), 1)
        and (
            variants.is_kind(manifest, "Deployment") or (variants.is_kind(manifest, "StatefulSet") and _rolls(manifest))
        )
    ]


def shared(objects: Sequence[Manifest], shape: model.Shape, weight: int) -> model.StageWrite:
    """All objects to write for a share of the new version."""
    made: list[Manifest] = []
    unwatched: set[str] = set()
    scaled = autoscalers.of([*objects, *shape.before])
    for manifest in concerned(objects, shape.survey):
        number = shape.survey.replicas.get(variants.key(manifest), 1)
        if variants.is_kind(manifest, "StatefulSet"):
            made.append(_partitioned(manifest, number, weight))
            continue
        old = next(
            (old_manifest for old_manifest in shape.before if variants.key(old_manifest) == variants.key(manifest)),
            None,
        )
        wanted = _wanted(manifest, old, shape.survey)
        made.append(_beside(manifest, beside(wanted, weight)))
        left = remaining(wanted, weight)
        known = old is not None and old["spec"].get("replicas") == wanted
        may_lower = (
            variants.key(manifest) not in scaled and "replicas" in manifest["spec"]
        )  # otherwise nobody would raise it again
        if old is not None and known and (left > number or (left < number and may_lower)):
            made.append({**old, "spec": {**old["spec"], "replicas": left}})
            unwatched.add(variants.key(old))
    return model.StageWrite(objects=made, unwatched=frozenset(unwatched))


def beside(number: int, weight: int) -> int:
    """How many instances of the new version run beside at most `number` old ones, for the share."""
    if weight >= _HALF:
        return max(1, number)
    return max(1, _nearest(number * weight, 100 - weight))


def remaining(number: int, weight: int) -> int:
    """How many of `number` old instances remain for the share."""
    if weight <= _HALF:
        return number
    return 0 if weight == 100 else max(1, _nearest(number * (100 - weight), weight))


def renewed(number: int, weight: int) -> int:
    """How many of `number` instances of a StatefulSet are of the new version."""
    return min(number, max(1, _nearest(number * weight, 100)))


def _beside(manifest: Manifest, number: int) -> Manifest:
    name = variants.canary(str(manifest["metadata"]["name"]))
    made = blue_green.marked(manifest, name=name, label={variants.TRACK: variants.CANARY})
    return {**made, "spec": {**made["spec"], "replicas": number}}


def _wanted(manifest: Manifest, old: Manifest | None, survey: model.LiveState) -> int:
    """The old Deployment's intended number of instances: its current one, unless a canary was interrupted."""
    live = survey.replicas.get(variants.key(manifest), 1)
    left_over = f"Deployment/{variants.canary(str(manifest['metadata']['name']))}" in survey.there
    replicas = old["spec"].get("replicas") if old else None
    return max(live, replicas) if left_over and isinstance(replicas, int) else live


def _partitioned(manifest: Manifest, number: int, weight: int) -> Manifest:
    spec: dict[str, Any] = dict(manifest["spec"])
    strategy = spec.get("updateStrategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    partition = max(number - renewed(number, weight), int(rolling.get("partition") or 0))
    update = {"type": "RollingUpdate", "rollingUpdate": {**rolling, "partition": partition}}
    if "replicas" in spec:
        spec["replicas"] = number
    return {**manifest, "spec": {**spec, "updateStrategy": update}}


def _rolls(manifest: Manifest) -> bool:
    update = manifest["spec"].get("updateStrategy") or {}
    return str(update.get("type", "RollingUpdate")) == "RollingUpdate"


def _nearest(dividend: int, divisor: int) -> int:
    """The nearest whole number; halves go up."""
    return (2 * dividend + divisor) // (2 * divisor)
