"""Reads the workloads of a namespace that Sealane did not deploy."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import observed

_KINDS = tuple(kinds.whole("apps/v1", kind) for _, kind in sorted(observed.WORKLOADS))


async def observed_there(cluster: clusters.Cluster, namespace: str) -> observed.Observed:
    """The observed workloads, from the annotations of the namespace and the labels of workloads. Raises a ClusterError."""
    listings = await asyncio.gather(*(cluster.list(kind, namespace=namespace) for kind in _KINDS))
    manifests = [
        {"apiVersion": kind.api_version, "kind": kind.kind, **item}
        for kind, listing in zip(_KINDS, listings, strict=True)
        for item in listing.items
    ]
    return observed.of(manifests, await _annotations(cluster, namespace))


async def _annotations(cluster: clusters.Cluster, namespace: str) -> dict[str, Any]:
    """The namespace's annotations; none if the account may not read them."""
    with suppress(errors.Forbidden):
        namespace_object = await cluster.find(kinds.whole("v1", "Namespace"), namespace)
        return dict((namespace_object or {}).get("metadata", {}).get("annotations") or {})
    return {}
