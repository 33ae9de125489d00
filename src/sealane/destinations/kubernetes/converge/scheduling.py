"""Pods without a node, with a node that does not respond, or without their volumes. Pure.

One pod and its events in, facts out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sealane.clients.kubernetes import objects, pod_objects
from sealane.destinations.kubernetes.messages import probes, refusals
from sealane.verdicts import model

_VOLUME = re.compile(
    r"persistentvolumeclaim|PersistentVolume|volume node affinity|volume binding|unbound", re.IGNORECASE
)
_AFTER_MOUNTING = frozenset({"Pulling", "Pulled", "Created", "Started"})
_MOUNTING = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume", "VolumeResizeFailed"})


def unplaced(pod: pod_objects.Pod, *, workload: str, at: datetime) -> model.Fact | None:
    """The scheduler's message, if it found no node."""
    for condition in pod.status.conditions:
        if condition.type == "PodScheduled" and condition.status == "False":
            message = condition.message or condition.reason or ""
            gates = ", ".join(scheduling_gate.name for scheduling_gate in pod.spec.scheduling_gates)
            return model.Fact(
                kind=model.FactKind.VOLUME_PENDING if _VOLUME.search(message) else model.FactKind.UNSCHEDULABLE,
                object=f"Pod/{pod.metadata.name}",
                workload=workload,
                since=pod.metadata.creation_timestamp or condition.last_transition_time or at,
                created=pod.metadata.creation_timestamp,
                words=f"nothing has taken its scheduling gate {gates} off" if gates else placing_words(message),
            )
    return None


def placing_words(message: str) -> str:
    """The scheduler's message about the nodes, without its attempts to preempt other pods."""
    reason = re.split(r"\s*preemption: |\. no new claims to deallocate|\. not found$", message)[0]
    return probes.shorten(reason.rstrip(". "))


def unmounted(
    pod: pod_objects.Pod, *, workload: str, events: Sequence[objects.Event], at: datetime
) -> tuple[model.Fact, ...]:
    """The volumes that it waits for, until a container is created.

    Events report attempts, and the last failed one stays after a success; signs of the steps after mounting show the success.
    """
    ready = any(
        condition.type == "PodReadyToStartContainers" and condition.status == "True"
        for condition in pod.status.conditions
    )
    if ready or any(event.reason in _AFTER_MOUNTING for event in events):
        return ()
    if any(_made(status) for status in (*pod.status.init_container_statuses, *pod.status.container_statuses)):
        return ()
    latest = {event.reason: event for event in events if event.reason in {*_MOUNTING, "FailedCreatePodSandBox"}}
    return tuple(_unmounted(pod, event, workload=workload, at=at) for event in latest.values())


def unanswered(pod: pod_objects.Pod, *, workload: str, at: datetime) -> tuple[model.Fact, ...]:
    """Its node has not accepted it or does not respond, or something else keeps it from being ready.

    When a node is lost, the controller only clears the pod's own `Ready`; its containers still look well.
    """
    conditions = {condition.type: condition for condition in pod.status.conditions}
    ready, containers = conditions.get("Ready"), conditions.get("ContainersReady")
    kind, detail = model.FactKind.NODE_NOT_RESPONDING, {"node": pod.spec.node_name or "unknown"}
    if pod.spec.node_name and not pod.status.start_time and not pod.status.container_statuses:
        placed = conditions.get("PodScheduled")
        since, words = placed.last_transition_time if placed else None, "has not taken it up yet"
    elif not ready or ready.status == "True" or not containers or containers.status != "True":
        return ()
    elif ready.reason == "ReadinessGatesNotReady":
        kind, detail = model.FactKind.NOT_READY, {}
        since, words = ready.last_transition_time, ready.message or "a readiness gate of it is not passed"
    else:
        since, words = ready.last_transition_time, "does not answer"
    return (
        model.Fact(
            kind=kind,
            object=f"Pod/{pod.metadata.name}",
            workload=workload,
            since=since or pod.metadata.creation_timestamp or at,
            created=pod.metadata.creation_timestamp,
            words=probes.shorten(words),
            detail=detail,
        ),
    )


def displaced(fact: model.Fact, lost: Sequence[model.Fact]) -> model.Fact:
    """The fact; for an unschedulable instance, also with silent nodes that the workload's other instances are stuck on."""
    nodes = sorted({fact.detail["node"] for fact in lost if fact.kind is model.FactKind.NODE_NOT_RESPONDING})
    if fact.kind is not model.FactKind.UNSCHEDULABLE or not nodes:
        return fact
    silent = f"node {nodes[0]} does not answer" if len(nodes) == 1 else f"{len(nodes)} nodes do not answer"
    return replace(fact, words=f"{fact.words}; {silent}")


def _unmounted(pod: pod_objects.Pod, event: objects.Event, *, workload: str, at: datetime) -> model.Fact:
    detail: dict[str, str] = {}
    kind = model.FactKind.CREATE_ERROR if event.reason == "FailedCreatePodSandBox" else model.FactKind.VOLUME_PENDING
    if missing := refusals.missing(event.message):
        kind = model.FactKind.REFERENCE_MISSING
        detail = missing.detail | {"reference": _complete(pod, missing.reference, event.message)}
    return model.Fact(
        kind=kind,
        object=f"Pod/{pod.metadata.name}",
        workload=workload,
        since=event.first_timestamp or event.last_seen or at,
        created=pod.metadata.creation_timestamp,
        last=event.last_seen,
        words=probes.shorten(event.message),
        detail=detail,
    )


def _complete(pod: pod_objects.Pod, reference: str, message: str) -> str:
    """A message about a volume's missing key names only the volume; the pod tells what is behind it."""
    if not reference.endswith("/"):
        return reference
    match = re.search(r"for volume \"([^\"]+)\"", message)
    for volume in pod.spec.volumes:
        if match and volume.name == match[1]:
            return f"{reference}{volume.source or volume.name}"
    return f"{reference}{match[1] if match else ''}"


def _made(status: pod_objects.ContainerStatus) -> bool:
    waiting = status.state.waiting
    return waiting is None or waiting.reason not in {"ContainerCreating", "PodInitializing"} or status.restart_count > 0
