"""The kinds that a cluster knows, and the types of their objects: each is asked for once, when it is first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from sealane.clients.kubernetes import discovery, errors, exchange, kinds, schemas, transport


class ApiResources:
    """The kinds of one cluster."""

    def __init__(self, connection: transport.Transport) -> None:
        self._connection = connection
        self._resources: discovery.Resources = {}
        self._discovering = asyncio.Lock()
        self._documents: dict[str, schemas.Document] = {}

    async def resource(self, kind: kinds.Kind[Any]) -> discovery.Resource:
        """The resource of a kind. Asks again for a missing kind: its definition may be new. Raises UnknownKind."""
        key = (kind.group, kind.version, kind.kind)
        known = self._resources
        if key not in known:
            async with self._discovering:
                if self._resources is known:
                    self._resources = await self._discover()
        if place := self._resources.get(key):
            return place
        others = sorted(f"{g}/{v}".strip("/") for g, v, name in self._resources if name == kind.kind)
        hint = (
            f"it has {kind.kind} in {', '.join(others)}" if others else "is its custom resource definition installed?"
        )
        raise errors.UnknownKind(f"the cluster has no {kind}", hint=hint)

    async def resource_kinds(self) -> Iterable[tuple[str, str, str]]:
        """Group, version and kind of everything in the cluster."""
        if not self._resources:
            self._resources = await self._discover()
        return self._resources.keys()

    async def schema(self, kind: kinds.Kind[Any]) -> schemas.Schema | None:
        """The type of a kind's objects; None if the cluster doesn't describe it. Asks once a group and version."""
        path = schemas.path(kind)
        if path not in self._documents:
            try:
                answer = await self._connection.call(exchange.Call(method="GET", path=path))
            except errors.NotFound:
                return None
            self._documents[path] = schemas.Document(answer.body)
        return self._documents[path].of(kind)

    async def _discover(self) -> discovery.Resources:
        calls = [exchange.Call(method="GET", path=path, accept=discovery.ACCEPT) for path in discovery.PATHS]
        answers = await asyncio.gather(*(self._connection.call(call) for call in calls))
        return discovery.read(answer.body for answer in answers)
