"""Workloads that can't continue on their own: an annotation decides what happens to their old pods. Pure.

With `OnDelete`, and in a ReplicaSet without a Deployment, an old pod stays until somebody deletes it. Waiting does not help,
so the rollout fails at once, unless the object's annotation says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sealane.clients.kubernetes import objects
from sealane.destinations.kubernetes.converge import instances
from sealane.destinations.kubernetes.stencils.standstill import OLD_PODS, OldPods
from sealane.verdicts import model

_CHOICE = f"or annotate it with {OLD_PODS}: {OldPods.WAIT} or {OldPods.KEEP}"


def old_pods(annotations: Mapping[str, str]) -> OldPods:
    """The annotation's value; an invalid one counts as missing."""
    value = annotations.get(OLD_PODS)
    return OldPods(value) if value in set(OldPods) else OldPods.FAIL


def replaced_by_hand(
    workload: model.Workload, counted: instances.InstanceCount, *, metadata: objects.Metadata, why: str
) -> tuple[model.Workload, tuple[model.Fact, ...]]:
    """The workload if only a person replaces its old pods, and the fact that it stands still."""
    old = len(counted.old)
    if not old:
        return workload, ()
    choice = old_pods(metadata.annotations)
    if choice is OldPods.KEEP:
        return _kept(workload, counted, why=why), ()
    pronoun = "it" if old == 1 else "them"
    stay = f"its {'old pod stays' if old == 1 else f'{old} old pods stay'} until somebody deletes {pronoun}"
    fact = model.Fact(
        kind=model.FactKind.REPLACED_BY_HAND,
        object=workload.object,
        workload=workload.object,
        since=metadata.creation_timestamp or min(instance.created for instance in counted.old),
        words=f"{why}, so {stay}" if choice is OldPods.WAIT else f"{why}, so {stay}: do that, {_CHOICE}",
        detail={"may_come": "yes"} if choice is OldPods.WAIT else {},
    )
    return replace(workload, message=f"{workload.message}; it {why}: delete its old pods"), (fact,)


def _kept(workload: model.Workload, counted: instances.InstanceCount, *, why: str) -> model.Workload:
    """Ready once it is written: pods of the new version must be ready, older ones may stay."""
    updated, ready, old = len(counted.updated), len(counted.ready), len(counted.old)
    there = ready == updated and updated + old == workload.desired
    note = f"{why}: {old} of its {workload.desired} pods {'is' if old == 1 else 'are'} still of an older version"
    since = max((instance.ready_since for instance in counted.ready if instance.ready_since), default=None)
    return replace(
        workload,
        health=model.Health.READY if there else model.Health.CONVERGING,
        ready_since=since if there else None,
        message=f"{workload.message}; old pods may stay",
        settled=there and not updated,
        note=note,
    )
