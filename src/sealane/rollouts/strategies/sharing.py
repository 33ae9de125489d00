"""Canary: a share of the new version beside the old one. Pure: manifests in, manifests out.

A Deployment gets a second one beside it, whose pods carry the same labels, so that the same Services choose among both.
The old one keeps all its instances up to a share of one half, the new ones come on top; beyond that the old one shrinks.
A StatefulSet gives its last ordinals to the new version, by its partition.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sealane.rollouts.strategies import colouring, model
from sealane.stencils import variants
from sealane.stencils.variants import Manifest

_HALF = 50


def concerned(objects: Sequence[Manifest], survey: model.Survey) -> list[Manifest]:
    """The workloads that run, would be made anew, and can have a share of the new version."""
    return [
        each
        for each in objects
        if variants.key(each) in survey.moved
        and survey.replicas.get(variants.key(each), 1)
        and (variants.is_kind(each, "Deployment") or (variants.is_kind(each, "StatefulSet") and _rolls(each)))
    ]


def shared(objects: Sequence[Manifest], shape: model.Shape, weight: int) -> model.Writing:
    """Everything that has to be written for a share of the new version."""
    made: list[Manifest] = []
    unwatched: set[str] = set()
    for each in concerned(objects, shape.survey):
        number = shape.survey.replicas.get(variants.key(each), 1)
        if variants.is_kind(each, "StatefulSet"):
            made.append(_partitioned(each, number, weight))
            continue
        made.append(_beside(each, beside(number, weight)))
        if lowered := _lowered(each, shape, number, weight):
            made.append(lowered)
            unwatched.add(variants.key(lowered))
    return model.Writing(objects=made, unwatched=frozenset(unwatched))


def beside(number: int, weight: int) -> int:
    """How many instances of the new version stand beside `number` old ones, or fewer, for the share."""
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
    made = colouring.marked(manifest, name=name, label={variants.TRACK: variants.CANARY})
    return {**made, "spec": {**made["spec"], "replicas": number}}


def _lowered(manifest: Manifest, shape: model.Shape, number: int, weight: int) -> Manifest | None:
    """The old Deployment with fewer instances; None where it keeps them, or where something else decides on them."""
    left = remaining(number, weight)
    old = next((each for each in shape.before if variants.key(each) == variants.key(manifest)), None)
    if left == number or old is None or old["spec"].get("replicas") != number:
        return None
    return {**old, "spec": {**old["spec"], "replicas": left}}


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
