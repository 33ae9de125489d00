"""Writes an object's ownership records, before it is applied. This changes no generation, and nothing that anybody runs.

Only a creation can be exclusive, but what it leaves in the managed fields is an *update* by Sealane, and fields recorded
so would survive being left out of the next apply. What past owners recorded survives likewise (see `managed_fields`).
A worker may be killed in between: whoever applies next finds the records as they are, and goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import model
from sealane.destinations.kubernetes import managed_fields

TRIES = 10


async def settle(
    cluster: clusters.Cluster,
    kind: kinds.Kind[dict[str, Any]],
    ref: model.ObjectRef,
    *,
    take: managed_fields.Take,
    live: Mapping[str, Any] | None = None,
    fence: model.Fence,
) -> None:
    """Gives the object the records that it is to have; looks again whenever controllers moved them meanwhile.

    `live` is what it looks like, None when that is to be looked up.
    """
    for _ in range(TRIES):
        if live is None:
            live = await cluster.find(kind, ref.name, namespace=ref.namespace)
        if live is None or (new := take(live)) is None:
            return
        await fence()
        try:
            await cluster.patch(kind, ref.name, _operations(live, new), namespace=ref.namespace)
        except errors.Invalid:  # a test failed: the records moved
            live = None
        except errors.NotFound:
            return
        else:
            return
    raise errors.ServerError(f"the managed fields of {ref} never stand still", hint="who else writes it all the time?")


def _operations(live: Mapping[str, Any], new: list[managed_fields.Record]) -> list[dict[str, Any]]:
    """A JSON patch that touches the records only if they are still those that were seen."""
    place = "/metadata/managedFields"
    return [
        {"op": "test", "path": "/metadata/uid", "value": live["metadata"]["uid"]},
        {"op": "test", "path": place, "value": managed_fields.records(live)},
        {"op": "replace", "path": place, "value": new},
    ]
