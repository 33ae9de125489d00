"""Connections of relays, so that every server process knows which relays are connected, or since when they are not."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from sealane.records.accounts import RelayLine
from sealane.store import rows, upsert
from sealane.store.account_tables import relay_lines
from sealane.store.database import Database

_REMEMBERED = timedelta(days=7)


class RelayLines:
    """The table of relays' connections: one row per relay and process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stand(self, relay: str, process: str, *, version: str, begun: datetime, at: datetime) -> None:
        """Notes that the process has a connection of the relay, since `begun`."""
        key = {"relay": relay, "process": process}
        values = {"version": version, "begun": begun, "seen": at, "ended": None}
        old = (relay_lines.c.relay == relay) & (relay_lines.c.seen < at - _REMEMBERED)

        def work(connection: sa.Connection) -> None:
            connection.execute(sa.delete(relay_lines).where(old))
            upsert.put(connection, relay_lines, key, values)

        await self._database.write(work)

    async def end(self, relay: str, process: str, *, at: datetime) -> None:
        """Notes that the process has no connection of the relay any more."""
        chosen = (relay_lines.c.relay == relay) & (relay_lines.c.process == process)
        ended = sa.update(relay_lines).where(chosen).values(seen=at, ended=at)
        await self._database.write(lambda c: c.execute(ended).rowcount)

    async def end_all(self) -> None:
        """Notes that no process is left: each connection ended when it was last seen."""
        standing = sa.update(relay_lines).where(relay_lines.c.ended.is_(None))
        await self._database.write(lambda c: c.execute(standing.values(ended=relay_lines.c.seen)).rowcount)

    async def of(self, relay: str | None = None) -> tuple[RelayLine, ...]:
        """The connections of one relay or of all, newest last."""
        query = sa.select(relay_lines).order_by(relay_lines.c.begun)
        if relay is not None:
            query = query.where(relay_lines.c.relay == relay)
        return tuple(RelayLine(**row) for row in await self._database.read(lambda c: rows.all_of(c, query)))
