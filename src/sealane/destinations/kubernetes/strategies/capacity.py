"""Capacity: workloads that replace others start with as many instances as serve now. Pure: manifests in, numbers out.

A change of strategy, or of a workload's name or kind, replaces the serving objects by others, and deletes the former
once the new ones are ready. A stencil's number is used, unless somebody outside of the stencils
(an autoscaler made by hand) had raised it and the revision has the same number as the former one. If an autoscaler sets it,
or nobody does, the new objects start with the number of those they replace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sealane.destinations.kubernetes import autoscalers
from sealane.destinations.kubernetes.stencils import variants
from sealane.destinations.kubernetes.stencils.variants import Manifest
from sealane.destinations.kubernetes.strategies import model

_COUNTED = ("Deployment", "StatefulSet", "ReplicaSet")


def numbers(objects: Sequence[Manifest], survey: model.LiveState, before: Sequence[Manifest] = ()) -> dict[str, int]:
    """`Kind/name` of each workload that starts with another number than its manifest's; `objects` are all final objects.

    `before` are the objects of the serving revision.
    """
    if not survey.serves:
        return {}
    made = {variants.key(manifest) for manifest in objects}
    scalers = autoscalers.of(objects)
    counts: dict[str, int] = {}
    for manifest in objects:
        name = variants.key(manifest)
        if not any(variants.is_kind(manifest, kind) for kind in _COUNTED):
            continue
        scaler = scalers.get(name)
        is_fixed = scaler is None and "replicas" in manifest["spec"]
        serving = _raised(manifest, made, survey, before) if is_fixed else _replaced(manifest, objects, made, survey)
        number = autoscalers.within(scaler, serving) if scaler and serving else serving
        there = survey.replicas.get(name, 0)
        if number > there or (number and number != there and not _serves(name, survey)):
            counts[name] = number
    return counts


def given(objects: Sequence[Manifest], numbers_: Mapping[str, int]) -> list[Manifest]:
    """The objects with these numbers of instances."""
    return [
        {**manifest, "spec": {**manifest["spec"], "replicas": numbers_[name]}}
        if (name := variants.key(manifest)) in numbers_
        else manifest
        for manifest in objects
    ]


def _replaced(workload: Manifest, objects: Sequence[Manifest], made: set[str], survey: model.LiveState) -> int:
    """How many instances to be removed now serve the workload's Services; the largest number of these Services."""
    most = 0
    for service in objects:
        if not variants.is_kind(service, "Service") or not variants.selects(service, workload):
            continue
        serving = survey.serves.get(variants.key(service), ())
        going = [name for name in serving if name not in made]
        own = [name for name in going if _family(name) == _family(variants.key(workload))]
        number = _together(own or going, survey)
        new = [variants.key(manifest) for manifest in objects if _takes_over(manifest, service, serving)]
        if new and not own:  # several workloads may replace it together
            number = -(-number // len(new)) if variants.key(workload) in new else 0
        most = max(most, number)
    return most


def _together(names: Sequence[str], survey: model.LiveState) -> int:
    """Their instances; a canary's are added to others, or replace some of them."""
    beside = sum(survey.replicas.get(name, 0) for name in names if _is_canary(name))
    return max(beside, sum(survey.replicas.get(name, 0) for name in names if not _is_canary(name)))


def _is_canary(name: str) -> bool:
    return name.endswith(f"-{variants.CANARY}")


def _takes_over(workload: Manifest, service: Manifest, serving: Sequence[str]) -> bool:
    counted = any(variants.is_kind(workload, kind) for kind in _COUNTED)
    return counted and variants.selects(service, workload) and variants.key(workload) not in serving


def _raised(workload: Manifest, made: set[str], survey: model.LiveState, before: Sequence[Manifest]) -> int:
    """The number that somebody outside of the stencils had raised, if the stencil's number has not changed since."""
    number, family = workload["spec"]["replicas"], _family(variants.key(workload))
    old = [manifest for manifest in before if variants.is_kind(manifest, str(workload["kind"]))]
    counts = [manifest["spec"].get("replicas") for manifest in old if _family(variants.key(manifest)) == family]
    if number not in counts or family in {_family(name) for name in autoscalers.of(before)}:
        return 0
    serving = {name for names in survey.serves.values() for name in names if name not in made}
    stable = [name for name in serving if _family(name) == family and not _is_canary(name)]
    most = max((survey.replicas.get(name, 0) for name in stable), default=0)
    return most if most > number else 0


def _serves(name: str, survey: model.LiveState) -> bool:
    return any(name in serving for serving in survey.serves.values())


def _family(name: str) -> str:
    """The workload's name in the stencils, whatever the strategy or its former kind."""
    return variants.plain_name(name.partition("/")[2])
