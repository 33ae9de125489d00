"""Corrects an object's ownership records before an apply. This changes no generation and nothing that runs.

Only a creation can be exclusive, but in the managed fields it is an *update* by Sealane, and fields recorded like this
would survive when the next apply leaves them out. Fields of past owners survive too (see `managed_fields`).
A worker may be killed in between: the next one finds the records as they are, and continues.
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
    """Gives the object the records that it needs; tries again when controllers changed them meanwhile.

    `live` is its last known state, None if it must be read.
    """
    for _ in range(TRIES):
        if live is None:
            live = await cluster.find(kind, ref.name, namespace=ref.namespace)
        if live is None or (new := take(live)) is None:
            return
        await fence()
        try:
            await cluster.patch(kind, ref.name, _operations(live, new), namespace=ref.namespace)
        except errors.Invalid:  # a test failed because the records changed
            live = None
        except errors.NotFound:
            return
        else:
            return
    raise errors.ServerError(f"the managed fields of {ref} never stand still", hint="who else writes it all the time?")


def _operations(live: Mapping[str, Any], new: list[managed_fields.Record]) -> list[dict[str, Any]]:
    """A JSON patch that changes the records only if they are still those that were seen."""
    place = "/metadata/managedFields"
    return [
        {"op": "test", "path": "/metadata/uid", "value": live["metadata"]["uid"]},
        {"op": "test", "path": place, "value": managed_fields.records(live)},
        {"op": "replace", "path": place, "value": new},
    ]
