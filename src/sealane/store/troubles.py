"""Problems with an app's pushes: since when, how often they were tried again, and when they were fixed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from sealane.outbox.model import DomainEvent, Kind
from sealane.store import event_writes, rows, upsert
from sealane.store.app_tables import apps, troubles
from sealane.store.database import Database

TOLD_FOR = timedelta(days=1)
"""How long a fix is shown."""
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One app's problem, fixed or not."""

    app: str
    reason: str
    """The cause."""
    since: datetime
    tries: int
    again: datetime
    """The time of the next try."""
    resolved: datetime | None = None

    @property
    def words(self) -> str:
        """What does not work, and why."""
        return f"pushes to {self.app} could not be taken in: {self.reason}"


def pause(tries: int) -> timedelta:
    """How long to wait after so many failed tries: twice as long each time, up to ten minutes."""
    return min(_FIRST_PAUSE * (1 << min(tries - 1, 20)), _LONGEST_PAUSE)


class Troubles:
    """The table of troubles, one row per app."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, app: str, reason: str, *, at: datetime) -> Trouble:
        """Notes a problem, or one more failed try of a known one. Raises NotThere for an unknown app."""

        def work(connection: sa.Connection) -> Trouble:
            there = sa.select(apps.c.name).where(apps.c.name == app).with_for_update(key_share=True)
            rows.there(connection.execute(there).scalar(), f"app {app}")
            known = rows.one(connection, sa.select(troubles).where(troubles.c.app == app))
            before = Trouble(**known) if known and known["resolved"] is None else None
            tries = before.tries + 1 if before else 1
            trouble = Trouble(
                app=app, reason=reason, since=before.since if before else at, tries=tries, again=at + pause(tries)
            )
            values = rows.fields(trouble)
            upsert.put(connection, troubles, {"app": values.pop("app")}, values)
            failed = DomainEvent(kind=Kind.INTAKE_FAILED, at=at, app=app, data={"reason": reason, "tries": tries})
            event_writes.append(connection, failed)
            return trouble

        return await self._database.write(work)

    async def resolved(self, app: str, *, at: datetime) -> bool:
        """Notes that it works again; False when nothing was broken."""

        def work(connection: sa.Connection) -> bool:
            broken = sa.update(troubles).where(troubles.c.app == app, troubles.c.resolved.is_(None))
            done = bool(connection.execute(broken.values(resolved=at)).rowcount)
            if done:
                event_writes.append(connection, DomainEvent(kind=Kind.INTAKE_RECOVERED, at=at, app=app))
            return done

        return await self._database.write(work)

    async def all(self, *, now: datetime) -> tuple[Trouble, ...]:
        """Problems, open or fixed a short while ago, by app."""
        recent = troubles.c.resolved.is_(None) | (troubles.c.resolved > now - TOLD_FOR)
        query = sa.select(troubles).where(recent).order_by(troubles.c.app)
        return await self._database.read(lambda c: tuple(Trouble(**row) for row in rows.all_of(c, query)))

    async def of(self, app: str) -> Trouble | None:
        """The open problem of one app."""
        query = sa.select(troubles).where(troubles.c.app == app, troubles.c.resolved.is_(None))
        row = await self._database.read(lambda c: rows.one(c, query))
        return Trouble(**row) if row else None

    async def due(self, now: datetime) -> tuple[str, ...]:
        """Apps that are due for another try."""
        query = sa.select(troubles.c.app).where(troubles.c.resolved.is_(None), troubles.c.again <= now)
        return await self._database.read(lambda c: tuple(c.execute(query.order_by(troubles.c.again)).scalars()))
