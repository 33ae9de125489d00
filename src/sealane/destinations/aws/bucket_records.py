"""Sealane's data in its bucket: a record for each object, and ledgers. No write overwrites what it has not read."""

from __future__ import annotations

from dataclasses import replace
from typing import Generic, TypeVar

import msgspec

from sealane import typed_data
from sealane.clients.aws.buckets import Bucket
from sealane.destinations import model
from sealane.errors import Conflicting

R = TypeVar("R")


class BucketRecords(Generic[R]):
    """Sealane's part of the bucket: records of one type, below `root`."""

    def __init__(self, bucket: Bucket, record: type[R], *, root: str, room: str) -> None:
        self._bucket, self._record, self._root, self._room = bucket, record, root, room

    async def get(self, ref: model.ObjectRef) -> tuple[R | None, str | None]:
        """An object's record and its tag."""
        content = await self._bucket.get(self._key(ref))
        return (typed_data.from_json(content[0], self._record), content[1]) if content else (None, None)

    async def keep(self, ref: model.ObjectRef, record: R, *, over: str | None) -> str:
        """Writes an object's record. Raises Conflicting when another writer was faster."""
        return await self._bucket.put(self._key(ref), msgspec.json.encode(record), over=over)

    def _key(self, ref: model.ObjectRef) -> str:
        return f"{self._root}/{self._room.format(kind=ref.kind)}/{ref.namespace}/{ref.name}.json"

    async def ledger(self, app: str, formation: str, namespace: str) -> model.Ledger:
        """The data stored for the formation, empty at first."""
        content = await self._bucket.get(self._ledger(app, formation, namespace))
        return (
            replace(typed_data.from_json(content[0], model.Ledger), version=content[1]) if content else model.Ledger()
        )

    async def ledgers(self, app: str, formation: str) -> tuple[str, ...]:
        """The namespaces with a ledger of the formation."""
        keys = await self._bucket.keys(f"{self._root}/ledgers/{app}/{formation}/")
        return tuple(key.rpartition("/")[2].removesuffix(".json") for key in keys)

    async def keep_ledger(self, ledger: model.Ledger, app: str, formation: str, namespace: str) -> model.Ledger:
        """Writes it. Raises Conflicting when another writer was faster."""
        content = msgspec.json.encode(replace(ledger, version=None, reserve=0))
        try:
            tag = await self._bucket.put(self._ledger(app, formation, namespace), content, over=ledger.version)
        except Conflicting:
            message = f"another deployment of {app}/{formation} is under way"
            raise Conflicting(message, hint="wait for it") from None
        return replace(ledger, version=tag, reserve=0)

    def _ledger(self, app: str, formation: str, namespace: str) -> str:
        return f"{self._root}/ledgers/{app}/{formation}/{namespace}.json"
