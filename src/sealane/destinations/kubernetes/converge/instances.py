"""Counts a workload's instances, and tells why some can't be created. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sealane.clients.kubernetes import objects, pod_objects
from sealane.destinations.kubernetes.converge import owned_objects, scheduling
from sealane.destinations.kubernetes.converge import pod as pods
from sealane.destinations.kubernetes.messages import probes, refusals
from sealane.verdicts import model


@dataclass(frozen=True, kw_only=True, slots=True)
class InstanceCount:
    """A workload's instances, and the facts about those of the desired version."""

    instances: tuple[model.Instance, ...]
    facts: tuple[model.Fact, ...]

    @property
    def updated(self) -> tuple[model.Instance, ...]:
        """Instances of the desired version that are not terminating."""
        return tuple(instance for instance in self.instances if instance.desired and not instance.terminating)

    @property
    def ready(self) -> tuple[model.Instance, ...]:
        """The ready ones among `updated`."""
        return tuple(instance for instance in self.updated if instance.ready)

    @property
    def old(self) -> tuple[model.Instance, ...]:
        """Instances of other versions that are not terminating."""
        return tuple(instance for instance in self.instances if not instance.desired and not instance.terminating)

    @property
    def terminating(self) -> tuple[model.Instance, ...]:
        """Terminating instances of any version."""
        return tuple(instance for instance in self.instances if instance.terminating)


def count(
    owned: Iterable[pod_objects.Pod],
    *,
    workload: str,
    is_desired: Callable[[pod_objects.Pod], bool],
    live: owned_objects.OwnedObjects,
) -> InstanceCount:
    """Sorts a workload's pods; finished and replaced ones count as terminating."""
    instances: list[model.Instance] = []
    facts: list[model.Fact] = []
    lost: list[model.Fact] = []
    for pod in owned:
        desired = is_desired(pod)
        seen = pods.instance(pod, workload=workload, desired=desired, at=live.at)
        over = pod.status.phase in {"Failed", "Succeeded"}
        if over:
            seen = replace(seen, terminating=True, ready=False, ready_since=None)
        instances.append(seen)
        if desired and not seen.terminating:
            facts += pods.facts(pod, workload=workload, live=live)
        elif not over and pod.status.start_time:
            lost += scheduling.unanswered(pod, workload=workload, at=live.at)
    return InstanceCount(instances=tuple(instances), facts=tuple(scheduling.displaced(fact, lost) for fact in facts))


def workload(
    name: str, counted: InstanceCount, *, desired: int, held_by_old: bool = True, hold: timedelta = timedelta()
) -> model.Workload:
    """The workload when its controller has seen the desired version.

    `held_by_old` is whether instances of other versions keep it from being ready.
    """
    ready, updated, old = len(counted.ready), len(counted.updated), len(counted.old)
    there = ready >= desired and updated == desired and not (held_by_old and old)
    since = max((instance.ready_since for instance in counted.ready if instance.ready_since), default=None)
    return model.Workload(
        object=name,
        health=model.Health.READY if there else model.Health.CONVERGING,
        desired=desired,
        updated=updated,
        ready=ready,
        old=old,
        ready_since=since if there else None,
        message=progress_message(desired=desired, updated=updated, ready=ready, old=old if held_by_old else 0),
        hold=hold,
        settled=there and desired == 0,
        note="is scaled to 0 pods" if there and desired == 0 else "",
        suspended=there and desired == 0,
    )


def unseen(name: str, *, desired: int, counted: InstanceCount | None = None, message: str) -> model.Workload:
    """A workload whose controller has not seen the desired version, so its status does not count yet."""
    return model.Workload(
        object=name,
        health=model.Health.CONVERGING,
        desired=desired,
        updated=0,
        ready=0,
        old=len(counted.old) if counted else 0,
        ready_since=None,
        message=message,
    )


def progress_message(*, desired: int, updated: int, ready: int, old: int) -> str:
    """A workload's progress, for people."""
    if not desired:
        return f"{_pods(old)} still to go" if old else "no pods wanted"
    parts = [f"{ready} of {_pods(desired)} ready"]
    if updated < desired and old:
        parts = [f"{updated} of {_pods(desired)} updated", f"{ready} ready"]
    if updated > desired:
        parts.append(f"{_pods(updated - desired)} too many")
    if old and updated >= desired:
        parts.append(f"{old} old {'pod' if old == 1 else 'pods'} still to go")
    return ", ".join(parts)


def blocked(
    name: str, owned: Iterable[pod_objects.Pod], *, is_desired: Callable[[pod_objects.Pod], bool], at: datetime
) -> tuple[model.Fact, ...]:
    """No new pod is created before an older one has gone, but it stays; since it should have gone."""
    terminating = [pod for pod in owned if pod.metadata.deletion_timestamp and not is_desired(pod)]
    if not terminating:
        return ()
    pod = min(terminating, key=lambda pod: pod.metadata.deletion_timestamp or at)
    held = ", ".join(pod.metadata.finalizers)
    node = f"node {pod.spec.node_name}" if pod.spec.node_name else "the cluster"
    waits = f"held by its finalizer {held}" if held else f"and {node} has not said that it is gone"
    return (
        model.Fact(
            kind=model.FactKind.OLD_POD_STUCK,
            object=name,
            workload=name,
            since=pod.metadata.deletion_timestamp or at,
            words=probes.shorten(f"its old pod {pod.metadata.name} is being ended, {waits}"),
            detail={"pod": f"Pod/{pod.metadata.name}"},
        ),
    )


def uncreated(
    name: str,
    *,
    owner: objects.Metadata,
    conditions: Sequence[objects.Condition],
    live: owned_objects.OwnedObjects,
    freeable: bool,
) -> tuple[model.Fact, ...]:
    """Why the controller can't create instances, from its condition or, for kinds without one, from events.

    `freeable` says that terminating instances may still make room, so exceeding a quota is not final.
    """
    message, since = _uncreated(owner, conditions, live)
    if message is None:
        return ()
    kind = refusals.creating(message)
    detail = {"freeable": "yes"} if freeable else {}
    if missing := refusals.missing(message):
        detail |= missing.detail
    return (
        model.Fact(
            kind=kind,
            object=name,
            workload=name,
            since=since or live.at,
            words=probes.shorten(refusals.words(message)),
            detail=detail,
        ),
    )


def _uncreated(
    owner: objects.Metadata, conditions: Sequence[objects.Condition], live: owned_objects.OwnedObjects
) -> tuple[str | None, datetime | None]:
    for condition in conditions:
        if condition.type == "ReplicaFailure" and condition.status == "True":
            return condition.message or condition.reason or "", condition.last_transition_time
    events = live.events(owner.uid)
    failed = [event for event in events if event.reason == "FailedCreate"]
    made = max(
        (event.last_seen for event in events if event.reason == "SuccessfulCreate" and event.last_seen), default=None
    )
    if conditions or not failed:
        return None, None
    last = failed[-1].last_seen
    if made and last and made > last:
        return None, None
    return failed[-1].message, failed[-1].first_timestamp or last


def _pods(number: int) -> str:
    return f"{number} pod" if number == 1 else f"{number} pods"
