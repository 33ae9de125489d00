"""What the guard saw of a deployment that is under way, so that a worker that takes over goes on from it.

It is forgotten in the transaction that writes the verdict.
"""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from sealane.store import rows, upsert
from sealane.store.database import Database
from sealane.store.tables import steadiness
from sealane.verdicts.guarding import Steadiness


class SteadinessSeen:
    """The table of what the guard saw."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, deployment_id: str) -> Steadiness:
        """What was kept last; nothing at first."""
        query = sa.select(steadiness).where(steadiness.c.deployment_id == deployment_id)
        row = await self._database.read(lambda c: rows.one(c, query))
        return msgspec.convert(row["seen"], Steadiness) if row else Steadiness()

    async def keep(self, deployment_id: str, seen: Steadiness) -> None:
        """Keeps it. Key: the deployment; what is newer takes the place of what was there."""

        def work(connection: sa.Connection) -> None:
            upsert.put(connection, steadiness, {"deployment_id": deployment_id}, {"seen": rows.plain(seen)})

        await self._database.write(work)
