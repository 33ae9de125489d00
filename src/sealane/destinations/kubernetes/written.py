"""Tells when somebody writes a formation's objects, from the live views that all formations of a namespace share.

A write changes an object's generation, or anybody's record of the fields that they set; a controller's change of its
status is no write. The times in records are whole seconds: a look one second later sees all of the write.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds, objects
from sealane.clients.kubernetes.informer import reflector, subscriber
from sealane.destinations import model
from sealane.destinations.kubernetes import watched

Key = tuple[str, kinds.Kind[Any]]
"""Namespace, empty for a kind of the whole cluster, and kind."""


async def written(cluster: clusters.Cluster, wanted: model.Inventory) -> AsyncIterator[None]:
    """Yields once at the beginning, and whenever one of the objects was written, created or removed since.

    Kinds that the account may not watch are left out. Raises ClusterError where the cluster doesn't answer.
    """
    keys = {ref.key: _key(ref) for ref in wanted}
    async with AsyncExitStack() as stack:
        views = {key: view for key in dict.fromkeys(keys.values()) if (view := await _view(stack, cluster, key))}
        reader = stack.enter_context(cluster.reader())
        last: Mapping[model.Key, object] | None = None
        while True:
            with reader.look():
                seen = {ref.key: _mark(reader, views[key], ref) for ref in wanted if (key := keys[ref.key]) in views}
            if seen != last:
                last = seen
                yield
            await reader.changed()


def _key(ref: model.ObjectRef) -> Key:
    """The view that the verdict uses, if there is one, so that there is only one stream."""
    known = watched.watched(ref, checked=False)
    kind = known.own if known else kinds.Kind(api_version=ref.api_version, kind=ref.kind, type=objects.Written)
    return ref.namespace or "", kind


async def _view(stack: AsyncExitStack, cluster: clusters.Cluster, key: Key) -> reflector.Reflector[Any] | None:
    place, kind = key
    try:
        resource = await cluster.resource(kind)
        if not {"list", "watch"} <= resource.verbs:
            return None
        return await stack.enter_async_context(cluster.live(kind, namespace=place or None))
    except (errors.Forbidden, errors.UnknownKind):
        return None


def _mark(reader: subscriber.Reader, view: reflector.Reflector[Any], ref: model.ObjectRef) -> object:
    """A value that changes when the object is written; None if it does not exist."""
    live = reader.find(view, ref.namespace or "", ref.name)
    if live is None:
        return None
    metadata = live.metadata
    records = tuple(managed_field for managed_field in metadata.managed_fields if managed_field.subresource != "status")
    version = metadata.generation or metadata.resource_version  # kinds without a generation have almost no status
    return metadata.uid, version, metadata.deletion_timestamp, records
