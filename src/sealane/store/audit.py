"""Who did what: lines written in the same transaction as the deed."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sealane import log_lines
from sealane.records.accounts import EVERY_LINE, AuditEntry, AuditFilter
from sealane.records.scopes import EVERYTHING, Scope
from sealane.store import rows, scopes
from sealane.store.account_tables import audit
from sealane.store.database import Database, after_commit
from sealane.store.tables import apps, formations


def note(  # noqa: PLR0913 - who, what, when, on what, of which app
    connection: sa.Connection,
    at: datetime,
    *,
    actor: str,
    action: str,
    subject: str,
    app: str | None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Adds a line in this transaction: `ann`, `approve`, `shop/production`; the server's log gets it, too.

    `app` says whose people may read it; None: administrators only.
    """
    row = {"at": at, "actor": actor, "action": action, "subject": subject, "app": app, "detail": detail}
    connection.execute(sa.insert(audit).values(row))
    after_commit(connection, functools.partial(log_lines.event, "audit", actor=actor, action=action, subject=subject))


class Audit:
    """Reads the lines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, at: datetime, *, actor: str, action: str, subject: str, app: str | None, detail: Mapping[str, Any]
    ) -> None:
        """Adds a line about what changed nothing, such as a refusal."""
        told = {"actor": actor, "action": action, "subject": subject}
        await self._database.write(lambda c: note(c, at, **told, app=app, detail=detail))

    async def last(
        self,
        limit: int = 100,
        before: int | None = None,
        *,
        only: AuditFilter = EVERY_LINE,
        scope: Scope = EVERYTHING,
    ) -> tuple[AuditEntry, ...]:
        """The newest lines first; `before` is the id of the last line of the page before.

        Of an app of the scope that took the name of one that was removed, the lines since then. What is about no app
        is for whoever may read everything.
        """
        wanted = ((audit.c.app, only.app), (audit.c.actor, only.actor), (audit.c.action, only.action))
        query = sa.select(audit).where(*(column == value for column, value in wanted if value is not None))
        if before is not None:
            query = query.where(audit.c.id < before)
        query = query.where(_readable(scope)).order_by(audit.c.id.desc()).limit(limit)
        found = await self._database.read(lambda c: rows.all_of(c, query))
        return tuple(AuditEntry(**row) for row in found)

    async def actions(self, scope: Scope) -> tuple[str, ...]:
        """What was ever done, as far as the scope may read it, by name."""
        query = sa.select(audit.c.action).where(_readable(scope)).distinct().order_by(audit.c.action)
        return await self._database.read(lambda c: tuple(c.execute(query).scalars()))


def _readable(scope: Scope) -> sa.ColumnElement[bool]:
    if scope.everything:
        return sa.true()
    since = sa.exists().where(apps.c.name == audit.c.app, apps.c.created <= audit.c.at)
    named = audit.c.subject == formations.c.app + "/" + formations.c.formation
    theirs = scopes.of_formations(scope, audit.c.app, named, audit.c.subject.not_like("%/%"))
    return scopes.chosen(scope, audit.c.app) & since & theirs
