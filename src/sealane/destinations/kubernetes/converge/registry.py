"""The kinds whose rollouts are judged, and the observation of several objects. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sealane.clients.kubernetes import objects, pod_objects, resources, workloads
from sealane.destinations.kubernetes.converge import (
    autoscaler,
    custom,
    daemon_set,
    deployment,
    ingress,
    job,
    owned_objects,
    pod,
    replica_set,
    service,
    stateful_set,
    static_kinds,
    volume_claim,
)
from sealane.verdicts import model

_CONVERGE: dict[type[Any], Callable[[Any, owned_objects.OwnedObjects], owned_objects.Part]] = {
    workloads.Deployment: deployment.converge,
    workloads.StatefulSet: stateful_set.converge,
    workloads.DaemonSet: daemon_set.converge,
    workloads.ReplicaSet: replica_set.converge,
    workloads.Job: job.converge,
    pod_objects.Pod: pod.converge,
    resources.CronJob: static_kinds.cron_job,
    resources.VolumeClaim: volume_claim.converge,
    resources.Service: service.converge,
    resources.Ingress: ingress.converge,
    resources.Autoscaler: autoscaler.converge,
    resources.DisruptionBudget: static_kinds.disruption_budget,
    resources.Definition: static_kinds.definition,
    resources.Custom: custom.converge,
}


def converge(live: Any, surroundings: owned_objects.OwnedObjects) -> owned_objects.Part:
    """One workload's part of an observation, for any judged kind."""
    return _CONVERGE[type(live)](live, surroundings)


def absent(name: str, *, runs: bool = True) -> owned_objects.Part:
    """The part for a wanted workload that does not exist."""
    return _not_there(name, message="the cluster does not have it", runs=runs)


def unheard(name: str, *, runs: bool = True) -> owned_objects.Part:
    """The part for a workload whose watch still shows what was there before the write."""
    return _not_there(name, message="the cluster has not told of its new version yet", runs=runs)


def _not_there(name: str, *, message: str, runs: bool) -> owned_objects.Part:
    workload = model.Workload(
        object=name,
        health=model.Health.CONVERGING,
        desired=1,
        updated=0,
        ready=0,
        old=0,
        ready_since=None,
        message=message,
        one_shot=name.startswith("Job/"),
        runs=runs,
    )
    return workload, (), ()


def ended(kind: type[Any], name: str, events: Iterable[objects.Event], *, at: datetime) -> owned_objects.Part | None:
    """How a missing object ended, from the events about it; None if they don't tell."""
    return job.ended(name, events, at=at) if kind is workloads.Job else None


def removed(name: str, *, since: datetime, runs: bool = True) -> owned_objects.Part:
    """The part for a wanted workload that was written and then removed."""
    workload, _, _ = absent(name, runs=runs)
    fact = model.Fact(
        kind=model.FactKind.REMOVED,
        object=name,
        workload=name,
        since=since,
        words="is not there any more: somebody removed it",
    )
    return workload, (), (fact,)


def observation(
    parts: Iterable[owned_objects.Part], *, at: datetime, blind_since: datetime | None = None
) -> model.Observation:
    """All parts as one, without those that are permanently as desired and have no message."""
    parts = tuple(part for part in parts if part[0].message or not part[0].settled)
    return model.Observation(
        at=at,
        workloads=tuple(workload for workload, _, _ in parts),
        instances=tuple(instance for _, instances, _ in parts for instance in instances),
        facts=tuple(fact for _, _, facts in parts for fact in facts),
        blind_since=blind_since,
        unit="pod",
    )
