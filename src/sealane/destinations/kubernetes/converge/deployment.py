"""The progress of a Deployment. Pure: a Deployment and its owned objects in, neutral values out.

The desired version's ReplicaSet is the one whose revision annotation equals the Deployment's, once the controller has
observed the Deployment's generation: the controller writes both in that order, also when it reuses an older one.

While paused, the controller creates no ReplicaSet and moves no pods between them; it only scales. Then the annotation still
names the former version, and only `updatedReplicas` tells whether there are pods of the desired one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sealane.clients.kubernetes import pod_objects, workloads
from sealane.destinations.kubernetes.converge import instances, owned_objects
from sealane.verdicts import model

_REVISION = "deployment.kubernetes.io/revision"


def converge(deployment: workloads.Deployment, live: owned_objects.OwnedObjects) -> owned_objects.Part:
    """The Deployment's state, its pods, and what keeps those of the desired version from being ready."""
    name = f"Deployment/{deployment.metadata.name}"
    replica_sets = live.replica_sets(deployment.metadata.uid)
    desired = _desired(deployment, replica_sets)
    pods = [pod for replica_set in replica_sets for pod in live.pods(replica_set.metadata.uid)]

    def is_desired(pod: pod_objects.Pod) -> bool:
        return desired is not None and _made_by(pod, desired)

    counted = instances.count(pods, workload=name, is_desired=is_desired, live=live)
    replicas = deployment.spec.replicas
    if desired is None:
        missing = instances.unseen(name, desired=replicas, counted=counted, message=_waits_for(deployment))
        paused = (_paused(name, deployment, live, begun=False),) if _is_paused(deployment) else ()
        return missing, counted.instances, paused
    facts = counted.facts
    if len(counted.updated) < replicas:
        facts = (
            *facts,
            *instances.uncreated(
                name,
                owner=desired.metadata,
                conditions=desired.status.conditions or deployment.status.conditions,
                live=live,
                freeable=bool(counted.terminating) or (bool(counted.old) and _may_take_away(deployment)),
            ),
        )
        if deployment.spec.strategy.type == "Recreate":
            facts = (*facts, *instances.blocked(name, pods, is_desired=is_desired, at=live.at))
    hold = timedelta(seconds=deployment.spec.min_ready_seconds)
    workload = instances.workload(name, counted, desired=replicas, hold=hold)
    if deployment.spec.paused:
        if counted.old:
            facts = (*facts, _paused(name, deployment, live, begun=True))
        note = "is paused: it has its pods, and a new version of them is not rolled out"
        workload = replace(workload, note=note, suspended=True)
    return workload, counted.instances, facts


def _desired(
    deployment: workloads.Deployment, replica_sets: Sequence[workloads.ReplicaSet]
) -> workloads.ReplicaSet | None:
    if deployment.status.observed_generation < deployment.metadata.generation or _is_paused(deployment):
        return None
    revision = deployment.metadata.annotations.get(_REVISION)
    return next(
        (replica_set for replica_set in replica_sets if replica_set.metadata.annotations.get(_REVISION) == revision),
        None,
    )


def _waits_for(deployment: workloads.Deployment) -> str:
    if _is_paused(deployment):
        return "it is paused"
    if deployment.status.observed_generation < deployment.metadata.generation:
        return "the cluster has not taken in its new version yet"
    return "its new ReplicaSet is being made"


def _is_paused(deployment: workloads.Deployment) -> bool:
    """Whether it is paused without the pods of the desired version that it should have."""
    status = deployment.status
    taken_in = status.observed_generation >= deployment.metadata.generation
    return taken_in and deployment.spec.paused and deployment.spec.replicas > 0 and status.updated_replicas == 0


def _paused(
    name: str, deployment: workloads.Deployment, live: owned_objects.OwnedObjects, *, begun: bool
) -> model.Fact:
    """A paused Deployment; a person who paused it during the rollout may examine something, and gets the formation's patience."""
    paused = next(
        (condition for condition in deployment.status.conditions if condition.reason == "DeploymentPaused"), None
    )
    metadata = deployment.metadata
    resume = f"take paused out of its stencil, or run kubectl rollout resume deployment/{metadata.name}"
    did = "is not rolled out further" if begun else "is not rolled out"
    return model.Fact(
        kind=model.FactKind.PAUSED,
        object=name,
        workload=name,
        since=(paused.last_transition_time if paused else None) or metadata.creation_timestamp or live.at,
        words=f"is paused, so its new version {did}: {resume}",
        detail={"begun": "yes"} if begun else {},
    )


def _made_by(pod: pod_objects.Pod, replica_set: workloads.ReplicaSet) -> bool:
    owner = pod.metadata.controller
    return owner is not None and owner.uid == replica_set.metadata.uid


def _may_take_away(deployment: workloads.Deployment) -> bool:
    """Whether the controller may remove an old pod before a new one is ready."""
    if deployment.spec.strategy.type == "Recreate":
        return True
    update = deployment.spec.strategy.rolling_update
    limit = update.max_unavailable if update and update.max_unavailable is not None else "25%"
    if isinstance(limit, str) and limit.endswith("%"):
        return math.floor(deployment.spec.replicas * int(limit[:-1]) / 100) > 0
    return int(limit) > 0
