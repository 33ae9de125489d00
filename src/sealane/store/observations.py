"""What was seen last of each deployment's objects, for whoever follows it."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from sealane.store import changes, rows, upsert
from sealane.store.database import Database
from sealane.store.tables import observations
from sealane.verdicts.model import Observation


class Observations:
    """The table of what was seen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, deployment_id: str, seen: Observation) -> None:
        """Keeps it. Key: the deployment; what is newer takes the place of what was there."""

        def work(connection: sa.Connection) -> None:
            upsert.put(connection, observations, {"deployment_id": deployment_id}, {"seen": rows.plain(seen)})
            changes.tell(connection, seen.at, f"deployment:{deployment_id}")

        await self._database.write(work)


def of(connection: sa.Connection, deployment_id: str) -> Observation | None:
    """What was seen last of the deployment, in this transaction; None before anything was."""
    query = sa.select(observations.c.seen).where(observations.c.deployment_id == deployment_id)
    seen = connection.execute(query).scalar()
    return msgspec.convert(seen, Observation) if seen else None
