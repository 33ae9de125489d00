"""The state of one pod's containers. Pure: container statuses and the pod's events in, facts out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sealane.clients.kubernetes import objects, pod_objects
from sealane.destinations.kubernetes.messages import probes, pulls, refusals
from sealane.verdicts import model

_SIGNALLED = frozenset({137, 143})
"""Exit codes after a kill, and after a request to terminate."""
_KILL_SLACK = timedelta(seconds=2)
"""Times of events and statuses are whole seconds, set by different components."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _One:
    """One container with everything known about it."""

    pod: pod_objects.Pod
    spec: pod_objects.Container
    status: pod_objects.ContainerStatus
    role: model.Role
    workload: str
    events: Sequence[objects.Event]
    at: datetime

    def fact(
        self,
        kind: model.FactKind,
        *,
        since: datetime | None,
        words: str = "",
        detail: dict[str, str] | None = None,
        ended: tuple[int, pod_objects.Terminated] | None = None,
    ) -> model.Fact:
        times, end = ended or (1, None)
        return model.Fact(
            kind=kind,
            object=f"Pod/{self.pod.metadata.name}",
            workload=self.workload,
            container=self.spec.name,
            role=self.role,
            since=since or self.pod.metadata.creation_timestamp or self.at,
            words=probes.shorten(words),
            times=times,
            created=self.pod.metadata.creation_timestamp,
            run=end.started_at if end else None,
            last=end.finished_at if end else None,
            detail=detail or {},
        )


def views(pod: pod_objects.Pod) -> tuple[model.Container, ...]:
    """The pod's containers for people, in start order."""
    return tuple(
        model.Container(
            name=spec.name,
            role=role,
            ready=status.ready,
            restarts=status.restart_count,
            state=_words(status.state),
            phase=_phase(status.state),
        )
        for spec, status, role in _pairs(pod)
    )


def facts(
    pod: pod_objects.Pod, *, workload: str, events: Sequence[objects.Event], at: datetime
) -> tuple[model.Fact, ...]:
    """The problems of each container; empty for healthy ones."""
    facts: list[model.Fact] = []
    for spec, status, role in _pairs(pod):
        path = f"spec.{'containers' if role is model.Role.MAIN else 'initContainers'}{{{spec.name}}}"
        own = [event for event in events if event.involved_object.field_path == path]
        container = _One(pod=pod, spec=spec, status=status, role=role, workload=workload, events=own, at=at)
        facts += _facts(container)
    return tuple(facts)


def _pairs(pod: pod_objects.Pod) -> Iterator[tuple[pod_objects.Container, pod_objects.ContainerStatus, model.Role]]:
    statuses = {
        container_status.name: container_status
        for container_status in (*pod.status.init_container_statuses, *pod.status.container_statuses)
    }
    for spec in pod.spec.init_containers:
        role = model.Role.SIDECAR if spec.restart_policy == "Always" else model.Role.INIT
        if status := statuses.get(spec.name):
            yield spec, status, role
    for spec in pod.spec.containers:
        if status := statuses.get(spec.name):
            yield spec, status, model.Role.MAIN


def _facts(container: _One) -> Iterator[model.Fact]:
    waiting = container.status.state.waiting
    starting = _waiting(container, waiting) if waiting else None
    ended = _ended(container)
    if starting and not (ended and starting.kind is ended.kind):
        yield starting
    if ended:
        yield ended
    if not starting:
        yield from _running(container)


def _waiting(container: _One, waiting: pod_objects.ContainerWaiting) -> model.Fact | None:
    reason, message = waiting.reason or "", waiting.message or ""
    if reason in pulls.REASONS:
        return _pulling(container, reason, message)
    if reason == "CreateContainerConfigError":
        return _configuring(container, message)
    if reason in {"CreateContainerError", "RunContainerError", "PreCreateHookError", "PostStartHookError"}:
        kind = refusals.starting(message)
        return container.fact(kind, since=_reported(container, "Failed"), words=refusals.start_words(message))
    if reason == "ContainerCreating" and not container.status.last_state.terminated:
        return container.fact(model.FactKind.STARTING, since=None, words=_pulling_now(container))
    return None


def _pulling(container: _One, reason: str, message: str) -> model.Fact | None:
    """The registry's answer; the event before a bare back-off explains it."""
    messages = [
        message,
        *(event.message for event in reversed(container.events) if event.reason in {"Failed", "InspectFailed"}),
    ]
    kind, words = next(
        ((fact_kind, line) for line in messages if (fact_kind := pulls.kind(reason, line))), (None, message)
    )
    return container.fact(
        kind or model.FactKind.REGISTRY_UNREACHABLE,
        since=_reported(container, "Failed", "InspectFailed"),
        words=pulls.words(words),
        detail={"image": container.spec.image or container.status.image},
    )


def _configuring(container: _One, message: str) -> model.Fact:
    since = _reported(container, "Failed")
    if missing := refusals.missing(message):
        return container.fact(model.FactKind.REFERENCE_MISSING, since=since, words=message, detail=missing.detail)
    return container.fact(refusals.starting(message), since=since, words=message)


def _ended(container: _One) -> model.Fact | None:
    """An unexpected exit: init containers may succeed, the others must keep running."""
    status = container.status
    end = status.state.terminated or status.last_state.terminated
    if end is None or _may_end(container, end):
        return None
    ended = (max(status.restart_count + (0 if status.state.running else 1), 1), end)
    detail = {"exit_code": str(end.exit_code)}
    if end.signal:
        detail["signal"] = str(end.signal)
    if end.reason in {"StartError", "ContainerCannotRun"}:
        kind = refusals.starting(end.message or "")
        return container.fact(kind, since=end.finished_at, words=refusals.start_words(end.message or ""), ended=ended)
    if container.role is model.Role.INIT:
        detail |= _limit(container, end)
        return container.fact(
            model.FactKind.INIT_ENDED, since=end.finished_at, words=end.message or "", detail=detail, ended=ended
        )
    if limit := _limit(container, end):
        return container.fact(model.FactKind.OUT_OF_MEMORY, since=end.finished_at, detail=detail | limit, ended=ended)
    if probe := _killed_by(container, end):
        asked, words = _answer(container, probe)
        detail |= {"probe": probe, "asks": asked}
        return container.fact(
            model.FactKind.KILLED_BY_PROBE, since=end.finished_at, words=words, detail=detail, ended=ended
        )
    if end.exit_code in _SIGNALLED and (container.spec.liveness_probe or container.spec.startup_probe):
        detail["perhaps_by_probe"] = "yes"  # the event with the reason may come later than the exit
    return container.fact(
        model.FactKind.ENDED, since=end.finished_at, words=end.message or "", detail=detail, ended=ended
    )


def _may_end(container: _One, end: pod_objects.Terminated) -> bool:
    if container.role is model.Role.INIT:
        return end.exit_code == 0 or container.status.ready
    if container.role is model.Role.SIDECAR:  # it is told to terminate once all others are done
        return all(container_status.state.terminated for container_status in container.pod.status.container_statuses)
    policy = container.pod.spec.restart_policy
    return end.exit_code == 0 and policy != "Always"


def _limit(container: _One, end: pod_objects.Terminated) -> dict[str, str]:
    """The memory limit that it exceeded; empty if memory was not the reason."""
    if end.reason != "OOMKilled":
        return {}
    return {"limit": container.spec.resources.limits.get("memory", "the node's memory")}


def _killed_by(container: _One, end: pod_objects.Terminated) -> str | None:
    """The probe that caused the kill of this run, if any.

    For an exit by a signal, an earlier run's event is enough: this run's is counted on the same one, and may be late.
    """
    kills = ((event, probes.killed(event.message)) for event in reversed(container.events) if event.reason == "Killing")
    for event, words in kills:
        seen = event.last_seen
        if words and seen and end.started_at and end.finished_at:
            within = end.started_at - _KILL_SLACK <= seen <= end.finished_at + _KILL_SLACK
            if within or (seen < end.started_at and end.exit_code in _SIGNALLED):
                return words[1]
    return None


def _running(container: _One) -> Iterator[model.Fact]:
    """A running container that has not exited: why it is not ready."""
    running = container.status.state.running
    if running is None:
        return
    if container.role is model.Role.INIT:
        yield container.fact(model.FactKind.INIT_RUNNING, since=running.started_at)
        return
    if container.status.ready:
        return
    probe = "startup" if container.spec.startup_probe and not container.status.started else "readiness"
    asked, words = _answer(container, probe)
    since = _unready_since(container, running.started_at)
    detail = {"probe": probe, "asks": asked}
    if since and running.started_at and since - running.started_at > _KILL_SLACK:
        detail["lost"] = "yes"  # ready became false after the start, so it had been ready
    kind = model.FactKind.PROBE_FAILING if words else model.FactKind.NOT_READY
    yield container.fact(kind, since=since, words=words, detail=detail)


def _answer(container: _One, probe: str) -> tuple[str, str]:
    """The probe's request, and its last answer since the container's last start; empty before the first answer."""
    spec = {
        "startup": container.spec.startup_probe,
        "liveness": container.spec.liveness_probe,
        "readiness": container.spec.readiness_probe,
    }[probe]
    for event in reversed(container.events):
        failed = probes.failed(event.message) if event.reason == "Unhealthy" else None
        if failed and failed[0] == probe:
            return probes.asks(spec), probes.answer(spec, failed[1])
    return probes.asks(spec), ""


def _unready_since(container: _One, started: datetime | None) -> datetime | None:
    """When it became unready: at its start, or later if it had been ready."""
    lost = next(
        (condition.last_transition_time for condition in container.pod.status.conditions if condition.type == "Ready"),
        None,
    )
    return max((time for time in (started, lost) if time), default=None)


def _reported(container: _One, *reasons: str) -> datetime | None:
    """The time of the first event with one of these reasons."""
    times = (event.first_timestamp or event.last_seen for event in container.events if event.reason in reasons)
    return min((time for time in times if time), default=None)


def _pulling_now(container: _One) -> str:
    pulled = [event.reason for event in container.events if event.reason in {"Pulling", "Pulled"}]
    return "pulls its image" if pulled and pulled[-1] == "Pulling" else ""


def _phase(state: pod_objects.ContainerState) -> model.ContainerPhase:
    if state.running:
        return model.ContainerPhase.RUNNING
    if state.terminated:
        return model.ContainerPhase.TERMINATED
    backing_off = state.waiting is not None and state.waiting.reason == "CrashLoopBackOff"
    return model.ContainerPhase.BACKING_OFF if backing_off else model.ContainerPhase.WAITING


def _words(state: pod_objects.ContainerState) -> str:
    if state.running:
        return "running"
    if state.terminated:
        reason = state.terminated.reason
        return f"ended: {reason}" if reason == "OOMKilled" else f"ended: exit code {state.terminated.exit_code}"
    reason = state.waiting.reason if state.waiting else None
    return f"waiting: {reason}" if reason else "waiting"
