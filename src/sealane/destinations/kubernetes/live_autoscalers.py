"""The live autoscalers of a cluster and their targets: an autoscaler's number counts only while it exists.

The managed fields tell that an autoscaler once set a number, even years after it was deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import model
from sealane.destinations.kubernetes import autoscalers

_KIND = kinds.whole("autoscaling/v2", "HorizontalPodAutoscaler")
_NAME = (_KIND.group, _KIND.kind)


class LiveAutoscalers:
    """The autoscalers among one deployment's objects and the live ones, which are read when needed."""

    def __init__(
        self, cluster: clusters.Cluster, wanted: Iterable[Mapping[str, Any]], *, to_delete: model.Inventory
    ) -> None:
        self._cluster = cluster
        self._wanted = autoscalers.of(wanted)
        self._to_delete = {(ref.namespace, ref.name) for ref in to_delete if (ref.group, ref.kind) == _NAME}
        self._there: dict[str | None, Mapping[str, Any] | None] = {}

    async def scale(self, ref: model.ObjectRef) -> bool:
        """Whether one of them scales the object. Also true if the account may not read them."""
        name = f"{ref.kind}/{ref.name}"
        if name in self._wanted:
            return True
        if ref.namespace not in self._there:
            self._there[ref.namespace] = await self._list(ref.namespace)
        there = self._there[ref.namespace]
        return there is None or name in there

    async def _list(self, namespace: str | None) -> Mapping[str, Any] | None:
        try:
            listed = (await self._cluster.list(_KIND, namespace=namespace)).items
        except errors.UnknownKind:
            return {}
        except errors.Forbidden:
            return None
        return autoscalers.of(
            autoscaler
            for autoscaler in listed
            if "deletionTimestamp" not in autoscaler["metadata"]
            and (namespace, autoscaler["metadata"]["name"]) not in self._to_delete
        )
