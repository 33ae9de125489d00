"""The progress of a StatefulSet. Pure: a StatefulSet and its pods in, neutral values out.

Its status names the desired version (`updateRevision`), its pods have theirs as a label. Pods below the partition may
stay old. With `OnDelete`, old pods go only when somebody deletes them; until then the new version is not complete.

Pods are numbered from `spec.ordinals.start`, and the partition counts from there: it keeps the first so many pods,
whatever their numbers are (StatefulSet API reference, `updateStrategy.rollingUpdate.partition` and `ordinals`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sealane.clients.kubernetes import pod_objects, workloads
from sealane.destinations.kubernetes.converge import instances, owned_objects, standstill

REVISION_HASH = "controller-revision-hash"


def converge(stateful_set: workloads.StatefulSet, live: owned_objects.OwnedObjects) -> owned_objects.Part:
    """The StatefulSet's state, its pods, and what keeps those of the desired version from being ready."""
    name = f"StatefulSet/{stateful_set.metadata.name}"
    pods = live.pods(stateful_set.metadata.uid)
    replicas = stateful_set.spec.replicas
    revision = stateful_set.status.update_revision
    seen = stateful_set.status.observed_generation >= stateful_set.metadata.generation and bool(revision)
    kept = _kept(stateful_set)

    def is_desired(pod: pod_objects.Pod) -> bool:
        return seen and pod.metadata.labels.get(REVISION_HASH) == revision

    concerned = [pod for pod in pods if not (kept and is_kept(pod, stateful_set))]
    counted = instances.count(concerned, workload=name, is_desired=is_desired, live=live)
    if not seen:
        waits = "the cluster has not taken in its new version yet"
        return instances.unseen(name, desired=replicas, counted=counted, message=waits), counted.instances, ()
    facts = counted.facts
    desired = replicas - kept
    if len(counted.updated) + len(counted.old) < desired:
        facts = (
            *facts,
            *instances.uncreated(
                name, owner=stateful_set.metadata, conditions=(), live=live, freeable=bool(counted.terminating)
            ),
            *instances.blocked(name, concerned, is_desired=is_desired, at=live.at),
        )
    workload = instances.workload(
        name, counted, desired=desired, hold=timedelta(seconds=stateful_set.spec.min_ready_seconds)
    )
    if kept:
        note = f"keeps {kept} of its {replicas} pods at the version before, by its partition"
        stay = sum(pod.metadata.deletion_timestamp is None for pod in pods if is_kept(pod, stateful_set))
        workload = replace(workload, note=note, old=workload.old + stay)
    if stateful_set.spec.update_strategy.type == "OnDelete":
        workload, still = standstill.replaced_by_hand(
            workload, counted, metadata=stateful_set.metadata, why="updates on delete"
        )
        facts = (*facts, *still)
    return workload, counted.instances, facts


def is_kept(pod: pod_objects.Pod, stateful_set: workloads.StatefulSet) -> bool:
    """Whether the pod is below the partition, so the controller keeps its version."""
    ordinal = pod.metadata.name.rpartition("-")[2]
    start = stateful_set.spec.ordinals.start if stateful_set.spec.ordinals else 0
    return ordinal.isdigit() and start <= int(ordinal) < start + _partition(stateful_set)


def _kept(stateful_set: workloads.StatefulSet) -> int:
    """How many pods need not be of the desired version: none if there is no other version."""
    status = stateful_set.status
    if status.current_revision == status.update_revision:
        return 0
    return min(_partition(stateful_set), stateful_set.spec.replicas)


def _partition(stateful_set: workloads.StatefulSet) -> int:
    strategy = stateful_set.spec.update_strategy
    update = strategy.rolling_update
    return update.partition if update and strategy.type == "RollingUpdate" else 0
