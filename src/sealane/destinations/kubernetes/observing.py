"""Observations of a formation's objects from live views that all deployments of a namespace share.

Level-based: whenever anything in the namespace changed, the wanted objects are read afresh from the views and the whole
observation is made anew; it is given out when it differs from the one before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from typing import Any

from sealane import clock
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds, objects, reflecting
from sealane.destinations import model
from sealane.verdicts import model as verdicts
from sealane.verdicts.convergence import around, every_kind

_WATCHED: dict[tuple[str, str], tuple[kinds.Kind[Any], ...]] = {
    ("apps", "Deployment"): (kinds.DEPLOYMENT, kinds.REPLICA_SET, kinds.POD),
    ("apps", "StatefulSet"): (kinds.STATEFUL_SET, kinds.POD),
    ("apps", "DaemonSet"): (kinds.DAEMON_SET, kinds.CONTROLLER_REVISION, kinds.POD),
    ("batch", "Job"): (kinds.JOB, kinds.POD),
    ("", "Pod"): (kinds.POD,),
}
"""Each workload's own kind first, then those of what it owns."""

_Views = Mapping[tuple[str, kinds.Kind[Any]], reflecting.Reflector[Any]]
"""By namespace and kind."""


async def observe(
    cluster: clusters.Cluster, wanted: model.Inventory, *, namespace: str, now: clock.Clock = clock.now
) -> AsyncIterator[verdicts.Observation]:
    """The state of the wanted objects: the whole at once, and again whenever any of it changes.

    Objects that nothing runs from (services, configuration) are there once applied and are not watched.
    """
    watched = [ref for ref in wanted if (ref.group, ref.kind) in _WATCHED]
    if not watched:
        yield verdicts.Observation(at=now())
        return
    async with AsyncExitStack() as stack:
        views: dict[tuple[str, kinds.Kind[Any]], reflecting.Reflector[Any]] = {}
        for ref in watched:
            for kind in (*_WATCHED[ref.group, ref.kind], kinds.EVENT):
                place = ref.namespace or namespace
                if (place, kind) not in views:
                    views[place, kind] = await stack.enter_async_context(cluster.live(kind, namespace=place))
        async for observation in _observations(watched, views, namespace=namespace, now=now):
            yield observation


async def _observations(
    watched: Sequence[model.ObjectRef],
    views: _Views,
    *,
    namespace: str,
    now: clock.Clock,
) -> AsyncIterator[verdicts.Observation]:
    all_changes = {id(view.changes): view.changes for view in views.values()}.values()  # one for each namespace
    last: verdicts.Observation | None = None
    while True:
        counts = [(changes, changes.count) for changes in all_changes]
        observation = _read(watched, views, namespace=namespace, at=now())
        if last is None or replace(observation, at=last.at) != last:
            last = observation
            yield observation
        await _any_after(counts)


async def _any_after(counts: Sequence[tuple[reflecting.Changes, int]]) -> None:
    """Waits until one of them is beyond its count."""
    waits = [asyncio.ensure_future(changes.after(count)) for changes, count in counts]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _read(
    watched: Sequence[model.ObjectRef],
    views: _Views,
    *,
    namespace: str,
    at: datetime,
) -> verdicts.Observation:
    away = [view.state.since for view in views.values() if view.state.standing is reflecting.Standing.AWAY]
    parts = [_part(ref, views, namespace=ref.namespace or namespace, at=at) for ref in watched]
    return every_kind.observation(parts, at=at, blind_since=min(away, default=None))


def _part(ref: model.ObjectRef, views: _Views, *, namespace: str, at: datetime) -> around.Part:
    watched = _WATCHED[ref.group, ref.kind]
    found = views[namespace, watched[0]].objects.get((namespace, ref.name))
    if found is None:
        return every_kind.absent(f"{ref.kind}/{ref.name}")

    def owned(kind: kinds.Kind[Any], *owners: Any) -> list[Any]:
        if kind not in watched:
            return []
        return [each for owner in owners for each in views[namespace, kind].owned_by(owner.metadata.uid)]

    replica_sets = owned(kinds.REPLICA_SET, found)
    pods = owned(kinds.POD, found, *replica_sets)
    uids = {each.metadata.uid for each in (found, *replica_sets, *pods)}
    events: Iterable[objects.Event] = views[namespace, kinds.EVENT].objects.values()
    surroundings = around.Around(
        at=at,
        pods=pods,
        replica_sets=replica_sets,
        revisions=owned(kinds.CONTROLLER_REVISION, found),
        events=[event for event in events if event.involved_object.uid in uids],
    )
    return every_kind.converge(found, surroundings)
