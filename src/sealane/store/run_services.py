"""Services of runs: when they were started, and whether they became healthy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from sealane.outbox.model import Kind
from sealane.records.views import RunService
from sealane.store import event_writes, rows, upsert
from sealane.store.database import Database
from sealane.store.run_tables import run_services

_OF_RUN = (
    sa.select(run_services.c.name, run_services.c.started, run_services.c.ended, run_services.c.reason)
    .where(run_services.c.run_id == sa.bindparam("run"))
    .order_by(run_services.c.started, run_services.c.name)
)


class RunServices:
    """The table of services."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def started(self, run_id: str, name: str, *, at: datetime) -> None:
        """Notes that it is starting. Key: run and name; a worker that takes over the run starts it again."""
        key, values = {"run_id": run_id, "name": name}, {"started": at, "ended": None, "reason": None}
        await self._write(run_id, name, at, lambda c: upsert.put(c, run_services, key, values))

    async def ended(self, run_id: str, name: str, *, at: datetime, reason: str | None = None) -> None:
        """Notes that it is healthy, or why it failed, even after being healthy."""
        chosen = (run_services.c.run_id == run_id) & (run_services.c.name == name)
        change = sa.update(run_services).where(chosen).values(ended=at, reason=reason)
        await self._write(run_id, name, at, lambda c: c.execute(change))

    async def _write(self, run_id: str, name: str, at: datetime, change: Callable[[sa.Connection], object]) -> None:
        def work(connection: sa.Connection) -> None:
            change(connection)
            event_writes.run_event(connection, Kind.RUN_STEP, run_id, at, {"step": f"service/{name}"})

        await self._database.write(work)


def of(connection: sa.Connection, run_id: str) -> tuple[RunService, ...]:
    """The services of a run in the order in which they were started, in this transaction."""
    return tuple(RunService(**row) for row in rows.all_of(connection, _OF_RUN, run=run_id))
