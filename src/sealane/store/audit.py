"""The audit: the events that somebody caused."""

from __future__ import annotations

import sqlalchemy as sa

from sealane.outbox.model import DomainEvent
from sealane.records.accounts import EVERY_LINE, AuditFilter
from sealane.records.scopes import EVERYTHING, Scope
from sealane.store import rows
from sealane.store.database import Database
from sealane.store.outbox import event_of, readable
from sealane.store.outbox_tables import outbox


class Audit:
    """Reads the audit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(
        self,
        limit: int = 100,
        before: int | None = None,
        *,
        only: AuditFilter = EVERY_LINE,
        scope: Scope = EVERYTHING,
    ) -> tuple[DomainEvent, ...]:
        """Newest first; `before` is the id of the last event of the previous page.

        For an app that took the name of a removed one, only events since then. Events about no app are only for people who
        may read everything.
        """
        wanted = ((outbox.c.app, only.app), (outbox.c.actor, only.actor), (outbox.c.kind, only.kind))
        query = sa.select(outbox).where(*(column == value for column, value in wanted if value is not None))
        if before is not None:
            query = query.where(outbox.c.id < before)
        query = query.where(outbox.c.actor.is_not(None), readable(scope)).order_by(outbox.c.id.desc()).limit(limit)
        listed = await self._database.read(lambda c: rows.all_of(c, query))
        return tuple(map(event_of, listed))

    async def kinds(self, scope: Scope) -> tuple[str, ...]:
        """All kinds of events in the audit that the scope may read, by name."""
        done = sa.select(outbox.c.kind).where(outbox.c.actor.is_not(None), readable(scope))
        query = done.distinct().order_by(outbox.c.kind)
        return await self._database.read(lambda c: tuple(c.execute(query).scalars()))
