"""Holds: what stops a failed release, and everything older, from going to a formation."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from sealane.errors import NotThere
from sealane.outbox.model import DomainEvent, Kind
from sealane.records.deployments import Deployment, Hold
from sealane.store import event_writes, ids, rows
from sealane.store.database import Database
from sealane.store.deployment_tables import holds

_OPEN = sa.select(holds).where(holds.c.app == sa.bindparam("app"), holds.c.lifted.is_(None)).order_by(holds.c.up_to)


class Holds:
    """The table of holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, app: str) -> tuple[Hold, ...]:
        """The app's open holds, on any of its formations."""
        return await self._database.read(lambda c: open_ones(c, app))

    async def lift(self, app: str, formation: str, *, by: str, reason: str, at: datetime) -> tuple[Hold, ...]:
        """Lifts the formation's holds for a person. Raises NotThere when there are none."""

        def work(connection: sa.Connection) -> tuple[Hold, ...]:
            holds_lifted = tuple(hold for hold in open_ones(connection, app) if hold.formation == formation)
            if not holds_lifted:
                raise NotThere(f"nothing is held on {app}/{formation}")
            lift(connection, holds_lifted, by=by, reason=reason, at=at)
            return holds_lifted

        return await self._database.write(work)


def open_ones(connection: sa.Connection, app: str) -> tuple[Hold, ...]:
    """The app's open holds, in this transaction."""
    return tuple(rows.hold(row) for row in rows.all_of(connection, _OPEN, app=app))


def put(connection: sa.Connection, deployment: Deployment, *, up_to: int, reason: str, at: datetime) -> None:
    """Holds a deployment's release and all older commits, in this transaction; `up_to` is the release's number."""
    values = {
        "id": ids.new("h"),
        "app": deployment.app,
        "formation": deployment.formation,
        "up_to": up_to,
        "place": deployment.place,
        "release_id": deployment.release_id,
        "deployment_id": deployment.id,
        "reason": reason,
        "created": at,
    }
    connection.execute(sa.insert(holds).values(values))
    data = {"up_to": up_to, "release": deployment.release_id, "reason": reason}
    event_writes.deployment_event(connection, Kind.HOLD_SET, deployment, at, data)


def lift(connection: sa.Connection, open_holds: tuple[Hold, ...], *, by: str | None, reason: str, at: datetime) -> None:
    """Lifts these holds, in this transaction."""
    chosen = holds.c.id.in_([hold.id for hold in open_holds])
    connection.execute(sa.update(holds).where(chosen).values(lifted=at, lifted_by=by, lift_reason=reason))
    for hold in open_holds:
        lifted = DomainEvent(
            kind=Kind.HOLD_LIFTED,
            at=at,
            app=hold.app,
            formation=hold.formation,
            deployment=hold.deployment_id,
            actor=by,
            data={"up_to": hold.up_to, "reason": reason},
        )
        event_writes.append(connection, lifted)
