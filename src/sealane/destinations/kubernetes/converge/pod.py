"""A pod as an instance, and pods without a controller. Pure: one pod and its events in, neutral values out."""

from __future__ import annotations

from datetime import datetime

from sealane.clients.kubernetes import objects, pod_objects
from sealane.destinations.kubernetes.converge import containers, owned_objects, scheduling
from sealane.verdicts import model


def converge(pod: pod_objects.Pod, live: owned_objects.OwnedObjects) -> owned_objects.Part:
    """A pod without a controller: ready, or done if it is not to be restarted."""
    name = f"Pod/{pod.metadata.name}"
    seen = instance(pod, workload=name, desired=True, at=live.at)
    done = pod.status.phase == "Succeeded"
    failed = pod.status.phase == "Failed"
    wrong = () if done else facts(pod, workload=name, live=live)
    workload = model.Workload(
        object=name,
        health=model.Health.READY if done or seen.ready else model.Health.FAILED if failed else model.Health.CONVERGING,
        desired=1,
        updated=1,
        ready=int(done or seen.ready),
        old=0,
        ready_since=seen.ready_since,
        message="done" if done else seen.state,
        settled=done,
        ended=done,
    )
    if failed:
        wrong = (*wrong, _failed(pod, name=name, at=live.at))
    return workload, (seen,), wrong


def instance(pod: pod_objects.Pod, *, workload: str, desired: bool, at: datetime) -> model.Instance:
    """The pod as people and verdicts see it."""
    ready = condition(pod, "Ready")
    is_ready = ready is not None and ready.status == "True"
    seen = containers.views(pod)
    return model.Instance(
        object=f"Pod/{pod.metadata.name}",
        workload=workload,
        desired=desired,
        terminating=pod.metadata.deletion_timestamp is not None,
        ready=is_ready,
        ready_since=_ready_since(pod, ready) if ready and is_ready else None,
        created=pod.metadata.creation_timestamp or at,
        state=_state(pod, seen, ready=is_ready),
        containers=seen,
    )


def facts(pod: pod_objects.Pod, *, workload: str, live: owned_objects.OwnedObjects) -> tuple[model.Fact, ...]:
    """What keeps the pod from being ready, or shows that it will not stay ready."""
    events = live.events(pod.metadata.uid)
    if placing := scheduling.unplaced(pod, workload=workload, at=live.at):
        return (placing,)
    of_containers = containers.facts(pod, workload=workload, events=events, at=live.at)
    mounting = scheduling.unmounted(pod, workload=workload, events=events, at=live.at)
    silent = scheduling.unanswered(pod, workload=workload, at=live.at)
    return (*mounting, *of_containers, *silent)


def condition(pod: pod_objects.Pod, kind: str) -> objects.Condition | None:
    """The pod's condition of a type, if it has it."""
    return next((condition for condition in pod.status.conditions if condition.type == kind), None)


def _ready_since(pod: pod_objects.Pod, ready: objects.Condition) -> datetime | None:
    """Since when it is ready: no earlier than the last start of a container that must run."""
    starts = [
        status.state.running.started_at
        for status in pod.status.container_statuses
        if status.state.running and status.state.running.started_at
    ]
    times = [time for time in (ready.last_transition_time, *starts) if time]
    return max(times, default=None)


def _state(pod: pod_objects.Pod, seen: tuple[model.Container, ...], *, ready: bool) -> str:
    """Its state in a few words, the most telling first."""
    if pod.metadata.deletion_timestamp:
        return "terminating"
    if ready:
        return "ready"
    if pod.status.phase in {"Failed", "Succeeded"}:
        return pod.status.reason or pod.status.phase.lower()
    placed = condition(pod, "PodScheduled")
    if placed and placed.status == "False":
        return "not placed"
    telling = next(
        (
            container
            for container in seen
            if not container.ready and container.phase is not model.ContainerPhase.RUNNING
        ),
        None,
    )
    if telling:
        return f"{telling.name} {telling.state}"
    return "running, not ready" if pod.status.phase == "Running" else "starting"


def failure(reason: str | None) -> model.FactKind:
    """The meaning of a Job's or pod's own failure reason."""
    return model.FactKind.JOB_TIMED_OUT if reason == "DeadlineExceeded" else model.FactKind.JOB_FAILED


def _failed(pod: pod_objects.Pod, *, name: str, at: datetime) -> model.Fact:
    return model.Fact(
        kind=model.FactKind.EVICTED if pod.status.reason in EVICTIONS else failure(pod.status.reason),
        object=name,
        workload=name,
        since=pod.metadata.creation_timestamp or at,
        words=pod.status.message or pod.status.reason or "it failed",
    )


EVICTIONS = frozenset(
    {"Evicted", "Preempting", "NodeLost", "NodeShutdown", "Terminated", "NodeAffinity", "UnexpectedAdmissionError"}
)
"""Reasons of failed pods that are the node's fault, not the container's."""
