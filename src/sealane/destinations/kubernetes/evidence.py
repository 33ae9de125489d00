"""The raw data of a failure report: events, last lines of logs, probe answers and exit codes, as plain data."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds, objects
from sealane.destinations.kubernetes.messages import probes
from sealane.verdicts import model as verdicts

LINES = 100
"""Most lines of each log."""
INSTANCES = 3
"""Most instances of one workload whose logs are read."""
EVENTS = 200

_GONE = ("unable to retrieve container logs for ", "failed to try resolving symlinks in path ")
"""A kubelet's texts in place of the log, for a run whose container it has removed."""

_ENDED = frozenset(
    {
        verdicts.FactKind.INIT_ENDED,
        verdicts.FactKind.OUT_OF_MEMORY,
        verdicts.FactKind.ENDED,
        verdicts.FactKind.KILLED_BY_PROBE,
        verdicts.FactKind.BAD_COMMAND,
        verdicts.FactKind.JOB_FAILED,
        verdicts.FactKind.JOB_TIMED_OUT,
    }
)
_PROBED = frozenset({verdicts.FactKind.KILLED_BY_PROBE, verdicts.FactKind.PROBE_FAILING, verdicts.FactKind.NOT_READY})


async def gather(cluster: clusters.Cluster, observation: verdicts.Observation, *, namespace: str) -> dict[str, Any]:
    """Collects all evidence; leaves out what is not available. Raises no error of the cluster."""
    events, logs = await asyncio.gather(
        _events(cluster, observation, namespace), _logs(cluster, observation, namespace)
    )
    return {"events": events, "logs": logs, "probes": _probes(observation), "terminations": _ends(observation)}


async def _events(cluster: clusters.Cluster, observation: verdicts.Observation, namespace: str) -> list[dict[str, Any]]:
    """The events of the workloads, and of their instances except old ones."""
    ours = {workload.object for workload in observation.workloads}
    ours |= {instance.object for instance in observation.instances if instance.desired}
    try:
        events = (await cluster.list(kinds.EVENT, namespace=namespace)).items
    except errors.ClusterError:
        return []
    mine = [event for event in events if _name(event) in ours or _of_replica_set(event, observation)]
    mine.sort(key=lambda event: (event.last_seen is not None, event.last_seen))
    return [_event(event) for event in mine[-EVENTS:]]


def _event(event: objects.Event) -> dict[str, Any]:
    path = event.involved_object.field_path or ""
    return {
        "at": event.last_seen.isoformat() if event.last_seen else None,
        "object": _name(event),
        "container": path.partition("{")[2].rstrip("}") or None,
        "type": event.type,
        "reason": event.reason,
        "message": probes.shorten(event.message, 1000),
        "count": event.count or (event.series.count if event.series else 1),
    }


def _name(event: objects.Event) -> str:
    return f"{event.involved_object.kind}/{event.involved_object.name}"


def _of_replica_set(event: objects.Event, observation: verdicts.Observation) -> bool:
    """Whether it concerns the ReplicaSet of the wanted instances, or one that could not create them."""
    if event.involved_object.kind != "ReplicaSet" or event.type != "Warning":
        return False
    names = (
        workload.object.partition("/")[2]
        for workload in observation.workloads
        if workload.object.startswith("Deployment/")
    )
    return any(event.involved_object.name.rpartition("-")[0] == name for name in names)


async def _logs(cluster: clusters.Cluster, observation: verdicts.Observation, namespace: str) -> list[dict[str, Any]]:
    wanted = [
        _log(cluster, namespace, instance.object, container.name, previous=previous)
        for instance in _telling(observation)
        for container in instance.containers
        for previous in _runs(container)
    ]
    return [log for log in await asyncio.gather(*wanted) if log]


def _telling(observation: verdicts.Observation) -> Iterable[verdicts.Instance]:
    """The instances whose logs may tell the cause: of each workload, the first few with facts."""
    about = {fact.object for fact in observation.facts} | {fact.detail.get("pod", "") for fact in observation.facts}
    taken: dict[str, int] = {}
    for instance in observation.instances:
        if instance.object in about and instance.desired:
            taken[instance.workload] = taken.get(instance.workload, 0) + 1
            if taken[instance.workload] <= INSTANCES:
                yield instance


def _runs(container: verdicts.Container) -> tuple[bool, ...]:
    """The logs that it has: the previous run's first, if it was restarted."""
    never = container.phase is verdicts.ContainerPhase.WAITING and not container.restarts
    return () if never else (True, False) if container.restarts else (False,)


async def _log(
    cluster: clusters.Cluster, namespace: str, instance: str, container: str, *, previous: bool
) -> dict[str, Any] | None:
    try:
        lines = await cluster.log(
            instance.partition("/")[2], container, namespace=namespace, previous=previous, tail=LINES
        )
    except errors.ClusterError:
        return None
    if lines and lines[0].startswith(_GONE):
        return None
    return {"object": instance, "container": container, "previous": previous, "lines": list(lines)}


def _probes(observation: verdicts.Observation) -> list[dict[str, Any]]:
    return [
        {
            "object": fact.object,
            "container": fact.container,
            "probe": fact.detail.get("probe"),
            "asks": fact.detail.get("asks"),
            "answer": fact.words or None,
        }
        for fact in observation.facts
        if fact.kind in _PROBED
    ]


def _ends(observation: verdicts.Observation) -> list[dict[str, Any]]:
    return [
        {
            "object": fact.object,
            "container": fact.container,
            "exit_code": _code(fact.detail),
            "reason": fact.kind.value,
            "at": fact.last.isoformat() if fact.last else None,
            "times": fact.times,
        }
        for fact in observation.facts
        if fact.kind in _ENDED
    ]


def _code(detail: Mapping[str, str]) -> int | None:
    code = detail.get("exit_code", "")
    return int(code) if code.lstrip("-").isdigit() else None
