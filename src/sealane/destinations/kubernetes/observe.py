"""Observations of a formation's objects from live views, which all deployments in a namespace share.

Level-based: after any change of the data behind the last observation, the wanted objects are read again from
the views and the whole observation is made again; it is yielded if it differs from the last one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

from sealane import clock
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes.informer import subscriber
from sealane.destinations import model
from sealane.destinations.kubernetes import custom_health, snapshot, views, watched
from sealane.formations import health_checks
from sealane.verdicts import model as verdicts


async def observe(
    cluster: clusters.Cluster,
    wanted: model.Inventory,
    *,
    namespace: str,
    health: Sequence[health_checks.HealthCheck] = (),
    now: clock.Clock = clock.now,
) -> AsyncIterator[verdicts.Observation]:
    """The state of the wanted objects: all of it at once, and again after each change.

    Objects that are ready once applied (accounts, configuration) are not watched; neither are those without
    instances when the account may not list their kind. Raises Forbidden for a kind that the verdict needs.
    """
    asks = custom_health.CustomHealth(health, now=now)
    subjects: list[views.Subject] = []
    for ref in wanted:
        checked = asks.about(ref.group, ref.kind)
        if watch := watched.watched(ref, checked=checked):
            place = ref.namespace or (namespace if watch.runs else "")
            subjects.append(views.Subject(ref=ref, watched=watch, checked=checked, place=place))
    if not subjects:
        yield verdicts.Observation(at=now(), unit="pod")
        return
    async with AsyncExitStack() as stack:
        opened = await views.opened(stack, cluster, subjects)
        reader = stack.enter_context(cluster.reader())
        async for observation in _observations(
            snapshot.SnapshotSource(subjects, opened, asks, reader), reader, now=now
        ):
            yield observation


async def _observations(
    seen: snapshot.SnapshotSource, reader: subscriber.Reader, *, now: clock.Clock
) -> AsyncIterator[verdicts.Observation]:
    last: verdicts.Observation | None = None
    while True:
        with reader.look():
            observation = seen.read(at=now())
        if last is None or replace(observation, at=last.at) != last:
            last = observation
            yield observation
        await reader.changed()
