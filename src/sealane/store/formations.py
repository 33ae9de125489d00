"""Formations: what is deployed where, and the inventory of what was applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from sealane.destinations.model import Inventory
from sealane.outbox.model import DomainEvent, Kind
from sealane.records.deployments import Deployment
from sealane.records.formations import Behind, Formation
from sealane.store import event_writes, rows, scopes
from sealane.store.database import Database
from sealane.store.deployment_tables import formations

_HERE = sa.select(formations).where(
    formations.c.app == sa.bindparam("app"), formations.c.formation == sa.bindparam("formation")
)
_LOCKED = _HERE.with_for_update()
_ALL = sa.select(formations).order_by(formations.c.app, formations.c.formation)


class Formations:
    """The table of formations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, app: str, formation: str) -> Formation:
        """The formation. Raises NotThere when nothing was ever offered to it."""
        return await self._database.read(lambda c: get(c, app, formation))

    async def all(self) -> tuple[Formation, ...]:
        """Every formation, by app and name."""
        return tuple(rows.formation(row) for row in await self._database.read(lambda c: rows.all_of(c, _ALL)))

    async def set_inventory(self, app: str, formation: str, inventory: Inventory) -> None:
        """Keeps the inventory at the destination."""
        values = {"inventory": rows.plain(inventory)}
        await self._database.write(lambda c: c.execute(sa.update(formations).where(_is(app, formation)).values(values)))

    async def set_behind(self, app: str, formation: str, behind: Sequence[Behind]) -> None:
        """Keeps the inventories at destinations that the formation left."""
        values = {"behind": rows.plain(behind)}
        await self._database.write(lambda c: c.execute(sa.update(formations).where(_is(app, formation)).values(values)))

    async def set_requests(self, app: str, formation: str, requests: Mapping[str, float], *, at: datetime) -> None:
        """Keeps what the formation requests of its cluster."""

        def work(connection: sa.Connection) -> None:
            update = sa.update(formations).where(_is(app, formation)).values(requests=dict(requests))
            connection.execute(update)
            known = DomainEvent(kind=Kind.FORMATION_REQUESTS, at=at, app=app, formation=formation, data=dict(requests))
            event_writes.append(connection, known)

        await self._database.write(work)


def get(connection: sa.Connection, app: str, formation: str) -> Formation:
    """The formation, in this transaction. Raises NotThere."""
    row = rows.one(connection, _HERE, app=app, formation=formation)
    if row is None:
        raise scopes.not_there(connection, app, formation, sa.true())
    return rows.formation(row)


def lock(connection: sa.Connection, app: str, formation: str) -> Formation:
    """The formation, kept from other writers until this transaction ends."""
    row = rows.one(connection, _LOCKED, app=app, formation=formation)
    return rows.formation(rows.there(row, f"formation {app}/{formation}"))


def meant_for(connection: sa.Connection, deployment: Deployment) -> Formation:
    """The deployment's formation, created for the first one. Its destination changes only when a deployment starts."""
    if rows.one(connection, _HERE, app=deployment.app, formation=deployment.formation) is None:
        values = {
            "app": deployment.app,
            "formation": deployment.formation,
            "environment": deployment.environment,
            "destination": deployment.destination,
            "namespace": deployment.namespace,
            "inventory": [],
        }
        connection.execute(sa.insert(formations).values(values))
    return get(connection, deployment.app, deployment.formation)


def update(connection: sa.Connection, app: str, formation: str, **values: object) -> None:
    """Sets fields of the formation, in this transaction."""
    connection.execute(sa.update(formations).where(_is(app, formation)).values(values))


def _is(app: str, formation: str) -> sa.ColumnElement[bool]:
    return (formations.c.app == app) & (formations.c.formation == formation)
