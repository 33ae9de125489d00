"""Who did what: lines written in the same transaction as the deed."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sealane import log_lines
from sealane.store import rows
from sealane.store.account_model import AuditEntry
from sealane.store.account_tables import audit
from sealane.store.database import Database, after_commit


def note(
    connection: sa.Connection,
    at: datetime,
    *,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Adds a line in this transaction: `ann`, `approve`, `shop/production`; the server's log gets it, too."""
    row = {"at": at, "actor": actor, "action": action, "subject": subject, "detail": detail}
    connection.execute(sa.insert(audit).values(row))
    after_commit(connection, functools.partial(log_lines.event, "audit", actor=actor, action=action, subject=subject))


class Audit:
    """Reads the lines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, at: datetime, *, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Adds a line about what changed nothing, such as a refusal."""
        await self._database.write(lambda c: note(c, at, actor=actor, action=action, subject=subject, detail=detail))

    async def last(self, limit: int = 100, before: int | None = None) -> tuple[AuditEntry, ...]:
        """The newest lines first; `before` is the id of the last line of the page before."""
        query = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.id < before)
        found = await self._database.read(lambda c: rows.all_of(c, query))
        return tuple(AuditEntry(**row) for row in found)
