"""The objects of a workload, found by owner. Pure: an index over pruned objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sealane.clients.kubernetes import objects, pod_objects, resources, workloads
from sealane.verdicts import model

Part = tuple[model.Workload, tuple[model.Instance, ...], tuple[model.Fact, ...]]
"""One workload's part of an observation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthAnswer:
    """The result of a formation's own health check for an object."""

    health: model.Health
    message: str
    since: datetime | None = None
    """When it became ready; None if it is not ready."""


Ask = Callable[[resources.Custom], HealthAnswer | None]
"""Runs the formation's health check for an object; None if it has none for the object's kind."""


def unasked(live: resources.Custom) -> HealthAnswer | None:
    """For a formation without health checks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamespaceFacts:
    """Facts besides the objects that a workload owns; None for those that can't be, or were not, read."""

    labels: Sequence[Mapping[str, str]] | None = None
    """The labels of all pods in the namespace, and of the pods that the formation's workloads create."""
    endpoints: int | None = None
    """How many ready endpoints a Service has."""
    services: frozenset[str] | None = None
    """The names of the Services in the namespace, at least of those that the object refers to."""
    makers: bool = False
    """The formation has custom resources, whose controllers may create pods of their own."""
    ask: Ask = unasked


NOTHING = NamespaceFacts()


class OwnedObjects:
    """Pods, replica sets, revisions and events by their owner's uid; `at` is when they were seen."""

    def __init__(
        self,
        *,
        at: datetime,
        pods: Iterable[pod_objects.Pod] = (),
        replica_sets: Iterable[workloads.ReplicaSet] = (),
        revisions: Iterable[workloads.ControllerRevision] = (),
        events: Iterable[objects.Event] = (),
        besides: NamespaceFacts = NOTHING,
    ) -> None:
        self.at = at
        self.besides = besides
        self._pods: dict[str, list[pod_objects.Pod]] = defaultdict(list)
        self._replica_sets: dict[str, list[workloads.ReplicaSet]] = defaultdict(list)
        self._revisions: dict[str, list[workloads.ControllerRevision]] = defaultdict(list)
        self._events: dict[str, list[objects.Event]] = defaultdict(list)
        for pod in pods:
            self._pods[_controller(pod.metadata)].append(pod)
        for replica_set in replica_sets:
            self._replica_sets[_controller(replica_set.metadata)].append(replica_set)
        for revision in revisions:
            self._revisions[_controller(revision.metadata)].append(revision)
        for event in events:
            self._events[event.involved_object.uid].append(event)

    def pods(self, uid: str) -> Sequence[pod_objects.Pod]:
        """The pods that the object of this uid controls, oldest first."""
        return sorted(self._pods[uid], key=lambda pod: (pod.metadata.creation_timestamp or self.at, pod.metadata.name))

    def replica_sets(self, uid: str) -> Sequence[workloads.ReplicaSet]:
        """The replica sets of a Deployment."""
        return self._replica_sets[uid]

    def revisions(self, uid: str) -> Sequence[workloads.ControllerRevision]:
        """The revisions of a StatefulSet or DaemonSet, newest last."""
        return sorted(self._revisions[uid], key=lambda revision: revision.revision)

    def events(self, uid: str) -> Sequence[objects.Event]:
        """The events about the object of this uid, oldest first."""
        return sorted(self._events[uid], key=lambda event: event.last_seen or self.at)


def _controller(metadata: objects.Metadata) -> str:
    owner = metadata.controller
    return owner.uid if owner else ""
