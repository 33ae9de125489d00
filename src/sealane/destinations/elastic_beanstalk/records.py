"""Sealane's data in its bucket: a record for each environment, and ledgers. No write overwrites what it has not read.

The service can't store it: changing an environment's tags starts an update.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from sealane import typed_data
from sealane.clients.aws.buckets import Bucket
from sealane.destinations import model
from sealane.destinations.elastic_beanstalk.model import EnvironmentRecord
from sealane.errors import Conflicting

_ROOT = "sealane"


class Records:
    """Sealane's part of the bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @property
    def where(self) -> str:
        """The bucket's name."""
        return self._bucket.name

    async def environment(self, ref: model.ObjectRef) -> tuple[EnvironmentRecord | None, str | None]:
        """An environment's record and its tag."""
        kept = await self._bucket.get(_environment(ref))
        return (typed_data.from_json(kept[0], EnvironmentRecord), kept[1]) if kept else (None, None)

    async def keep(self, ref: model.ObjectRef, record: EnvironmentRecord, *, over: str | None) -> str:
        """Writes an environment's record. Raises Conflicting when another writer was faster."""
        return await self._bucket.put(_environment(ref), msgspec.json.encode(record), over=over)

    async def ledger(self, app: str, formation: str, namespace: str) -> model.Ledger:
        """The data stored for the formation, empty at first."""
        kept = await self._bucket.get(_ledger(app, formation, namespace))
        return replace(typed_data.from_json(kept[0], model.Ledger), version=kept[1]) if kept else model.Ledger()

    async def ledgers(self, app: str, formation: str) -> tuple[str, ...]:
        """The applications with a ledger of the formation."""
        places = (key.split("/") for key in await self._bucket.keys(f"{_ROOT}/ledgers/{app}/{formation}/"))
        return tuple(parts[-1].removesuffix(".json") for parts in places)

    async def keep_ledger(self, ledger: model.Ledger, app: str, formation: str, namespace: str) -> model.Ledger:
        """Writes it. Raises Conflicting when another writer was faster."""
        content = msgspec.json.encode(replace(ledger, version=None, reserve=0))
        try:
            tag = await self._bucket.put(_ledger(app, formation, namespace), content, over=ledger.version)
        except Conflicting:
            message = f"another deployment of {app}/{formation} is under way"
            raise Conflicting(message, hint="wait for it") from None
        return replace(ledger, version=tag, reserve=0)


def _environment(ref: model.ObjectRef) -> str:
    return f"{_ROOT}/environments/{ref.namespace}/{ref.name}.json"


def _ledger(app: str, formation: str, namespace: str) -> str:
    return f"{_ROOT}/ledgers/{app}/{formation}/{namespace}.json"
