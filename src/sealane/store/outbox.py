"""The outbox: reads the sequence of events, and keeps subscribers' cursors; `event_writes.py` writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sealane.outbox.model import DomainEvent, Kind
from sealane.records.scopes import EVERYTHING, Scope
from sealane.store import event_writes, rows, scopes, upsert
from sealane.store.app_tables import apps
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments, formations
from sealane.store.outbox_tables import outbox, outbox_cursors
from sealane.store.worker_tables import observed

AT_ONCE = 500
"""Events per batch."""
_TRIMMED = "trimmed"
"""The cursor up to which events were forgotten."""

_OF_OTHERS = tuple(kind.value for kind in (Kind.HEALTH_DEGRADED, Kind.HEALTH_RECOVERED, Kind.HEALTH_CHANGED))
"""Kinds about what others deploy, which name no deployment."""
_OF_ALL_FORMATIONS = (Kind.RUN_PLANNED.value, Kind.RELEASE_GROUP_ENDED.value)
"""Kinds that name several formations, so only people who may read the app everywhere see them."""

_LINE = sa.select(outbox.c.id).where(
    outbox.c.deployment_id == sa.bindparam("deployment"), outbox.c.key == sa.bindparam("line")
)
_LINES = (
    sa.select(outbox)
    .where(outbox.c.deployment_id == sa.bindparam("deployment"), outbox.c.key.is_not(None))
    .order_by(outbox.c.id)
)
_LAST = sa.select(sa.func.max(outbox.c.id))
_CURSOR = sa.select(outbox_cursors.c.position).where(outbox_cursors.c.name == sa.bindparam("cursor"))
_CURSORS = sa.select(outbox_cursors.c.name, outbox_cursors.c.position).where(outbox_cursors.c.name != _TRIMMED)
_OLDEST = (
    sa.select(outbox.c.id, outbox.c.at).where(outbox.c.id > sa.bindparam("cursor")).order_by(outbox.c.id).limit(AT_ONCE)
)


def is_said(connection: sa.Connection, deployment_id: str, key: str) -> bool:
    """Whether the deployment's timeline has a line with the key."""
    return rows.scalar(connection, _LINE, deployment=deployment_id, line=key) is not None


def lines(connection: sa.Connection, deployment_id: str) -> tuple[DomainEvent, ...]:
    """The deployment's timeline, in this transaction."""
    return tuple(map(event_of, rows.all_of(connection, _LINES, deployment=deployment_id)))


def forget_lines(connection: sa.Connection, app: str) -> None:
    """Deletes the timelines of a removed app, in this transaction; events that readers may still need are trimmed later."""
    past = outbox.c.id <= _position(connection, _TRIMMED)
    timelines = (outbox.c.app == app) & outbox.c.key.is_not(None) & outbox.c.actor.is_(None)
    connection.execute(sa.delete(outbox).where(timelines, past))


class Outbox:
    """Reads the events, and keeps subscribers' cursors."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def after(
        self,
        cursor: int,
        *,
        limit: int = AT_ONCE,
        app: str | None = None,
        formation: str | None = None,
        scope: Scope = EVERYTHING,
    ) -> tuple[DomainEvent, ...]:
        """The events after a cursor, in order; for an app, only those since it has its name."""
        trimmed = sa.select(outbox_cursors.c.position).where(outbox_cursors.c.name == _TRIMMED).scalar_subquery()
        fresh = (outbox.c.id > cursor) & (outbox.c.id > sa.func.coalesce(trimmed, 0))
        query = sa.select(outbox).where(fresh, readable(scope))
        for column, value in ((outbox.c.app, app), (outbox.c.formation, formation)):
            query = query if value is None else query.where(column == value)
        listed = await self._database.read(lambda c: rows.all_of(c, query.order_by(outbox.c.id).limit(limit)))
        return tuple(map(event_of, listed))

    async def say(self, event: DomainEvent) -> None:
        """Writes events without a change, such as a refusal."""
        await self._database.write(lambda c: event_writes.append(c, event))

    async def newest(self) -> int:
        """The id of the last event ever; 0 before any."""
        return await self._database.read(newest)

    async def standing(self) -> tuple[int, dict[str, int]]:
        """The id of the last event ever, and each subscriber's cursor, by name."""
        return await self._database.read(
            lambda c: (newest(c), {row.name: int(row.position) for row in c.execute(_CURSORS)})
        )

    async def trimmed(self) -> int:
        """The id up to which events were forgotten."""
        return await self._database.read(trimmed)

    async def trim(self, before: datetime) -> None:
        """Deletes events before a time. The audit stays, and timelines stay as long as their deployments."""

        def work(connection: sa.Connection) -> None:
            cursor = _position(connection, _TRIMMED)
            last = cursor
            for row in connection.execute(_OLDEST, {"cursor": cursor}):
                if row.at >= before:
                    break
                last = row.id
            if last > cursor:
                there = sa.exists().where(deployments.c.id == outbox.c.deployment_id)
                stays = outbox.c.actor.is_not(None) | (outbox.c.key.is_not(None) & there)
                connection.execute(sa.delete(outbox).where(outbox.c.id > cursor, outbox.c.id <= last, ~stays))
                upsert.put(connection, outbox_cursors, {"name": _TRIMMED}, {"position": last})

        await self._database.write(work)

    async def take(self, name: str, holder: str, *, at: datetime, until: datetime) -> int | None:
        """Takes the subscriber's cursor for the holder until then, and returns it; None while another has it.

        A new subscriber begins with the oldest kept event.
        """

        def work(connection: sa.Connection) -> int | None:
            mine = outbox_cursors.c.name == name
            row = rows.one(connection, sa.select(outbox_cursors).where(mine).with_for_update())
            if row is None:
                values = {"name": name, "position": 0, "holder": holder, "until": until}
                connection.execute(sa.insert(outbox_cursors).values(values))
                return 0
            if row["holder"] not in {None, holder} and row["until"] is not None and row["until"] > at:
                return None
            connection.execute(sa.update(outbox_cursors).where(mine).values(holder=holder, until=until))
            return int(row["position"])

        return await self._database.write(work)

    async def move(self, name: str, holder: str, position: int, *, until: datetime) -> bool:
        """Notes that all events up to a position are done. False when another has taken the cursor meanwhile."""
        mine = (outbox_cursors.c.name == name) & (outbox_cursors.c.holder == holder)
        moved = sa.update(outbox_cursors).where(mine).values(position=position, until=until)
        return await self._database.write(lambda c: bool(c.execute(moved).rowcount))


def newest(connection: sa.Connection) -> int:
    """The id of the last event ever, in this transaction."""
    return max(rows.scalar(connection, _LAST) or 0, trimmed(connection))


def trimmed(connection: sa.Connection) -> int:
    """The id up to which events were forgotten, in this transaction."""
    return _position(connection, _TRIMMED)


def event_of(row: Mapping[str, Any]) -> DomainEvent:
    """The event of a row."""
    values = {name: value for name, value in row.items() if name != "key"}
    return DomainEvent(run=values.pop("run_id"), deployment=values.pop("deployment_id"), **values)


def readable(scope: Scope) -> sa.ColumnElement[bool]:
    """The condition that an app with the name of a removed one does not read the removed one's events."""
    if scope.everything:
        return sa.true()
    since = sa.exists().where(apps.c.name == outbox.c.app, apps.c.created <= outbox.c.at)
    named = formations.c.formation == outbox.c.formation
    seen = sa.exists().where(
        observed.c.app == outbox.c.app,
        observed.c.formation == outbox.c.formation,
        observed.c.environment == outbox.c.data["environment"].as_string(),
        scopes.chosen(scope, observed.c.app, observed.c.environment),
    )
    of_app = outbox.c.formation.is_(None) & outbox.c.kind.not_in(_OF_ALL_FORMATIONS)
    of_others = outbox.c.deployment_id.is_(None) & outbox.c.kind.in_(_OF_OTHERS) & seen
    return of_others | scopes.chosen(scope, outbox.c.app) & since & scopes.of_formations(
        scope, outbox.c.app, named, of_app
    )


def _position(connection: sa.Connection, name: str) -> int:
    return int(rows.scalar(connection, _CURSOR, cursor=name) or 0)
