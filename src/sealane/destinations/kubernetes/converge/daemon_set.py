"""The progress of a DaemonSet. Pure: a DaemonSet and its owned objects in, neutral values out.

Its status does not name the desired version; its newest ControllerRevision does, and pods have the same label. The two are
watched by streams of their own: where the revision is not seen yet, the status counts fewer updated pods than the label does.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sealane.clients.kubernetes import pod_objects, workloads
from sealane.destinations.kubernetes.converge import generic, instances, owned_objects, standstill, stateful_set
from sealane.verdicts import model


def converge(daemon_set: workloads.DaemonSet, live: owned_objects.OwnedObjects) -> owned_objects.Part:
    """The DaemonSet's state, its pods, and what keeps those of the desired version from being ready."""
    name = f"DaemonSet/{daemon_set.metadata.name}"
    revisions = live.revisions(daemon_set.metadata.uid)
    label = stateful_set.REVISION_HASH
    newest = revisions[-1].metadata.labels.get(label) if revisions else None
    status = daemon_set.status
    seen = newest is not None and status.observed_generation >= daemon_set.metadata.generation
    pods = live.pods(daemon_set.metadata.uid)

    def is_desired(pod: pod_objects.Pod) -> bool:
        return seen and pod.metadata.labels.get(label) == newest

    counted = instances.count(pods, workload=name, is_desired=is_desired, live=live)
    desired = status.desired_number_scheduled
    if not seen:
        return instances.unseen(name, desired=desired, counted=counted, message=generic.UNSEEN), counted.instances, ()
    facts = counted.facts
    if len(counted.updated) + len(counted.old) < desired:
        facts = (
            *facts,
            *instances.uncreated(
                name, owner=daemon_set.metadata, conditions=(), live=live, freeable=bool(counted.terminating)
            ),
            *instances.blocked(name, pods, is_desired=is_desired, at=live.at),
        )
    hold = timedelta(seconds=daemon_set.spec.min_ready_seconds)
    workload = instances.workload(name, counted, desired=desired, hold=hold)
    if workload.health is model.Health.READY and status.updated_number_scheduled < desired:
        return (
            instances.unseen(name, desired=desired, counted=counted, message=generic.UNSEEN),
            counted.instances,
            counted.facts,
        )
    if workload.settled:
        workload = replace(workload, message="no node should run it", note="selects no node, so it has no pods")
    if daemon_set.spec.update_strategy.type == "OnDelete":
        workload, still = standstill.replaced_by_hand(
            workload, counted, metadata=daemon_set.metadata, why="updates on delete"
        )
        facts = (*facts, *still)
    return workload, counted.instances, facts
