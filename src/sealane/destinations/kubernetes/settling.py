"""Turning the ownership record of a creation into that of an apply.

Only a creation can be exclusive, but what it leaves in the managed fields is an *update* by Sealane, and fields recorded
so would survive being left out of the next apply. kubectl migrates objects to server-side apply in the same way. It
changes no generation. A worker may be killed in between: whoever applies next settles first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import model

TRIES = 10


def is_settled(found: Mapping[str, Any]) -> bool:
    """Whether nothing is left of the creation's record."""
    return _index(found) is None


async def settle(
    cluster: clusters.Cluster,
    kind: kinds.Kind[dict[str, Any]],
    ref: model.ObjectRef,
    *,
    found: Mapping[str, Any] | None = None,
    fence: model.Fence,
) -> None:
    """Settles the object, which looks like `found`; looks again whenever controllers moved its records meanwhile."""
    for _ in range(TRIES):
        if found is None:
            found = await cluster.find(kind, ref.name, namespace=ref.namespace)
        if found is None or (index := _index(found)) is None:
            return
        await fence()
        try:
            await cluster.patch(kind, ref.name, _operations(found, index), namespace=ref.namespace)
        except errors.Invalid:  # a test failed: the records moved
            found = None
        except errors.NotFound:
            return
        else:
            return
    raise errors.ServerError(f"the managed fields of {ref} never stand still", mend="who else writes it all the time?")


def _index(found: Mapping[str, Any]) -> int | None:
    for index, entry in enumerate(_records(found)):
        if _ours(entry, "Update"):
            return index
    return None


def _records(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return found["metadata"].get("managedFields") or []


def _ours(entry: Mapping[str, Any], operation: str) -> bool:
    return (
        entry.get("manager") == clusters.MANAGER
        and entry.get("operation") == operation
        and not entry.get("subresource")
    )


def _operations(found: Mapping[str, Any], index: int) -> list[dict[str, Any]]:
    """A JSON patch that touches the record only if it is still the one that was seen."""
    entry = f"/metadata/managedFields/{index}"
    tests = [
        {"op": "test", "path": "/metadata/uid", "value": found["metadata"]["uid"]},
        {"op": "test", "path": f"{entry}/manager", "value": clusters.MANAGER},
        {"op": "test", "path": f"{entry}/operation", "value": "Update"},
    ]
    if any(_ours(each, "Apply") for each in _records(found)):
        return [*tests, {"op": "remove", "path": entry}]
    return [*tests, {"op": "replace", "path": f"{entry}/operation", "value": "Apply"}]
