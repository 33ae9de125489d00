"""How far a Deployment is. Pure: a Deployment and what it owns in, neutral values out.

The wanted version's ReplicaSet is the one whose revision annotation equals the Deployment's, once the controller has
observed the Deployment's generation: the controller writes both in that order, also when it takes up an older one again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

from sealane.clients.kubernetes import objects
from sealane.verdicts.convergence import around as around_
from sealane.verdicts.convergence import instances

_REVISION = "deployment.kubernetes.io/revision"


def converge(deployment: objects.Deployment, around: around_.Around) -> around_.Part:
    """The Deployment's state, its pods, and what keeps those of the wanted version from being ready."""
    name = f"Deployment/{deployment.metadata.name}"
    replica_sets = around.replica_sets(deployment.metadata.uid)
    wanted = _wanted(deployment, replica_sets)
    pods = [pod for each in replica_sets for pod in around.pods(each.metadata.uid)]

    def is_wanted(pod: objects.Pod) -> bool:
        return wanted is not None and _made_by(pod, wanted)

    counted = instances.count(pods, workload=name, is_wanted=is_wanted, around=around)
    replicas = deployment.spec.replicas
    if wanted is None:
        missing = instances.unseen(name, wanted=replicas, counted=counted, says=_waits_for(deployment))
        return missing, counted.instances, ()
    facts = counted.facts
    if len(counted.updated) < replicas:
        facts = (
            *facts,
            *instances.uncreated(
                name,
                owner=wanted.metadata,
                conditions=wanted.status.conditions or deployment.status.conditions,
                around=around,
                freeable=bool(counted.leaving) or (bool(counted.old) and _may_take_away(deployment)),
            ),
        )
        if deployment.spec.strategy.type == "Recreate":
            facts = (*facts, *instances.blocked(name, pods, is_wanted=is_wanted, at=around.at))
    hold = timedelta(seconds=deployment.spec.min_ready_seconds)
    return instances.workload(name, counted, wanted=replicas, hold=hold), counted.instances, facts


def _wanted(deployment: objects.Deployment, replica_sets: Sequence[objects.ReplicaSet]) -> objects.ReplicaSet | None:
    if deployment.status.observed_generation < deployment.metadata.generation or deployment.spec.paused:
        return None
    revision = deployment.metadata.annotations.get(_REVISION)
    return next((each for each in replica_sets if each.metadata.annotations.get(_REVISION) == revision), None)


def _waits_for(deployment: objects.Deployment) -> str:
    if deployment.spec.paused:
        return "it is paused: set spec.paused to false"
    if deployment.status.observed_generation < deployment.metadata.generation:
        return "the cluster has not taken in its new version yet"
    return "its new ReplicaSet is being made"


def _made_by(pod: objects.Pod, replica_set: objects.ReplicaSet) -> bool:
    owner = pod.metadata.controller
    return owner is not None and owner.uid == replica_set.metadata.uid


def _may_take_away(deployment: objects.Deployment) -> bool:
    """Whether the controller may remove an old pod before a new one is ready."""
    if deployment.spec.strategy.type == "Recreate":
        return True
    update = deployment.spec.strategy.rolling_update
    limit = update.max_unavailable if update and update.max_unavailable is not None else "25%"
    if isinstance(limit, str) and limit.endswith("%"):
        return math.floor(deployment.spec.replicas * int(limit[:-1]) / 100) > 0
    return int(limit) > 0
