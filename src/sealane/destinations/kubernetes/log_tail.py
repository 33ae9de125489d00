"""Merges the log lines of all containers of a formation's workloads, including pods that start later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds, pod_objects
from sealane.destinations import model

_WAITING = 1_000
"""Lines buffered for a slow reader before the containers' streams must wait."""

Selector = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The requested lines."""

    namespace: str
    instance: str | None
    """Only from this pod."""
    container: str | None
    """Only from containers of this name."""
    lines: int
    """How many existing lines of each container come first."""


async def tail(cluster: clusters.Cluster, refs: model.Inventory, wanted: Wanted, *, follow: bool) -> AsyncIterator[str]:
    """Lines as `pod/container  line`; with `follow` without end, otherwise each container's last lines."""
    selectors = [selector for ref in refs if (selector := await _selector(cluster, ref)) is not None]
    if not selectors and not follow:
        return
    if not follow:
        listed = await cluster.list(kinds.POD, namespace=wanted.namespace)
        for pod, name in _containers(listed.items, selectors, wanted):
            with suppress(errors.NotFound, errors.Invalid):
                for line in await cluster.log(pod, name, namespace=wanted.namespace, tail=wanted.lines):
                    yield f"{pod}/{name}  {line}"
        return
    queue: asyncio.Queue[str] = asyncio.Queue(_WAITING)
    tasks: set[asyncio.Task[None]] = set()
    finding = asyncio.create_task(_find(cluster, selectors, queue, tasks, wanted))
    try:
        while not finding.done():
            waiting = asyncio.create_task(queue.get())
            await asyncio.wait({waiting, finding}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                yield waiting.result()
            else:
                waiting.cancel()
        await finding
    finally:
        for task in {finding, *tasks}:
            task.cancel()
        await asyncio.gather(finding, *tasks, return_exceptions=True)


async def _find(
    cluster: clusters.Cluster,
    selectors: Sequence[Selector],
    queue: asyncio.Queue[str],
    tasks: set[asyncio.Task[None]],
    wanted: Wanted,
) -> None:
    """Starts following each container once it runs, as long as the request lasts."""
    following: set[tuple[str, str]] = set()
    async with cluster.live(kinds.POD, namespace=wanted.namespace) as view:
        seen = view.changes.count
        while True:
            running = [pod for pod in view.objects.values() if pod.status.phase == "Running"]
            for key in _containers(running, selectors, wanted):
                if key not in following:
                    following.add(key)
                    tasks.add(asyncio.create_task(_follow(cluster, key, queue, wanted)))
            seen = await view.changes.after(seen)


async def _follow(cluster: clusters.Cluster, key: tuple[str, str], queue: asyncio.Queue[str], wanted: Wanted) -> None:
    pod, name = key
    with suppress(errors.ClusterError):  # the pod has gone, or has not started: others continue
        async for line in cluster.follow_log(pod, name, namespace=wanted.namespace, tail=wanted.lines):
            await queue.put(f"{pod}/{name}  {line}")


async def _selector(cluster: clusters.Cluster, ref: model.ObjectRef) -> Selector | None:
    """The labels by which a workload selects its pods; None for kinds without pods."""
    if ref.group not in {"apps", "batch"}:
        return None
    live = await cluster.find(kinds.whole(ref.api_version, ref.kind), ref.name, namespace=ref.namespace)
    labels = ((live or {}).get("spec") or {}).get("selector", {}).get("matchLabels")
    return labels or None


def _containers(
    pods: Iterable[pod_objects.Pod], selectors: Sequence[Selector], wanted: Wanted
) -> list[tuple[str, str]]:
    """Pod and container of everything that one of the selectors matches."""
    return [
        (pod.metadata.name, container.name)
        for pod in sorted(pods, key=lambda pod: pod.metadata.name)
        if any(selector.items() <= (pod.metadata.labels or {}).items() for selector in selectors)
        if wanted.instance in {None, pod.metadata.name}
        for container in pod.spec.containers
        if wanted.container in {None, container.name}
    ]
