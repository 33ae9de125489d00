"""How far a StatefulSet is. Pure: a StatefulSet and its pods in, neutral values out.

Its status names the wanted version (`updateRevision`), its pods carry theirs as a label. Pods below the partition may
stay old, and with `OnDelete` old pods go only when somebody deletes them: until then the new version is not there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sealane.clients.kubernetes import objects
from sealane.verdicts.convergence import around as around_
from sealane.verdicts.convergence import instances

REVISION_HASH = "controller-revision-hash"


def converge(stateful_set: objects.StatefulSet, around: around_.Around) -> around_.Part:
    """The StatefulSet's state, its pods, and what keeps those of the wanted version from being ready."""
    name = f"StatefulSet/{stateful_set.metadata.name}"
    pods = around.pods(stateful_set.metadata.uid)
    replicas = stateful_set.spec.replicas
    revision = stateful_set.status.update_revision
    seen = stateful_set.status.observed_generation >= stateful_set.metadata.generation and bool(revision)
    kept = _partition(stateful_set)

    def is_wanted(pod: objects.Pod) -> bool:
        return seen and pod.metadata.labels.get(REVISION_HASH) == revision

    concerned = [pod for pod in pods if _ordinal(pod) >= kept]
    counted = instances.count(concerned, workload=name, is_wanted=is_wanted, around=around)
    if not seen:
        waits = "the cluster has not taken in its new version yet"
        return instances.unseen(name, wanted=replicas, counted=counted, says=waits), counted.instances, ()
    facts = counted.facts
    wanted = max(replicas - kept, 0)
    if len(counted.updated) + len(counted.old) < wanted:
        facts = (
            *facts,
            *instances.uncreated(
                name, owner=stateful_set.metadata, conditions=(), around=around, freeable=bool(counted.leaving)
            ),
            *instances.blocked(name, concerned, is_wanted=is_wanted, at=around.at),
        )
    workload = instances.workload(
        name, counted, wanted=wanted, hold=timedelta(seconds=stateful_set.spec.min_ready_seconds)
    )
    if counted.old and stateful_set.spec.update_strategy.type == "OnDelete":
        workload = replace(workload, says=f"{workload.says}; it updates on delete: delete its old pods")
    return workload, counted.instances, facts


def _partition(stateful_set: objects.StatefulSet) -> int:
    update = stateful_set.spec.update_strategy.rolling_update
    return update.partition if update and stateful_set.spec.update_strategy.type == "RollingUpdate" else 0


def _ordinal(pod: objects.Pod) -> int:
    last = pod.metadata.name.rpartition("-")[2]
    return int(last) if last.isdigit() else 0
