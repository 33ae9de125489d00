"""Reads releases in a cluster; writes nothing."""

from __future__ import annotations

import asyncio

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.destinations import model
from sealane.destinations.kubernetes.helm_releases import records
from sealane.destinations.kubernetes.helm_releases.records import Version

SECRET = kinds.whole("v1", "Secret")


async def history(cluster: clusters.Cluster, name: str, namespace: str) -> tuple[Version, ...]:
    """All versions of a release that Helm still has, the oldest first."""
    listed = await cluster.list(SECRET, namespace=namespace, selector=records.selector(name))
    return await asyncio.to_thread(records.history, listed.items)


async def is_ours(cluster: clusters.Cluster, name: str, identity: model.Identity) -> bool:
    """Whether a version of the release is the formation's.

    Its objects are so, too: somebody else's upgrade takes our labels off them.
    """
    return any(version.owner == identity.owner for version in await history(cluster, name, identity.namespace))


async def goes_whole(cluster: clusters.Cluster, name: str, namespace: str, *, going: model.Inventory) -> bool:
    """Whether every object of the release is among those that go, or is gone."""
    versions = await history(cluster, name, namespace)
    if not versions:
        return False
    known = {(ref.kind, ref.namespace or "", ref.name) for ref in going}
    for api_version, kind, given, called in versions[-1].objects:
        place = given or namespace  # where Helm writes what names none, unless its kind is the whole cluster's
        if known.isdisjoint({(kind, place, called), (kind, given, called)}):
            there = await cluster.find(kinds.whole(api_version, kind), called, namespace=place)
            if there is not None:
                return False
    return True
