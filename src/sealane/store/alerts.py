"""Alerts that others sent in about formations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from sealane.events.model import Alert
from sealane.store import rows
from sealane.store.database import Database
from sealane.store.deployment_tables import alerts

KEPT = timedelta(days=14)


class Alerts:
    """The table of alerts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def receive(self, app: str, formation: str, came: Mapping[str, Alert], *, at: datetime) -> int:
        """Stores alerts by their identity, and returns how many are new. Deletes old ones."""

        def work(connection: sa.Connection) -> int:
            here = (alerts.c.app == app) & (alerts.c.formation == formation)
            connection.execute(sa.delete(alerts).where(here, alerts.c.received < at - KEPT))
            same = sa.select(alerts.c.sameness).where(here, alerts.c.sameness.in_(list(came)))
            known = set(connection.execute(same).scalars())
            new = [
                {
                    "app": app,
                    "formation": formation,
                    "name": alert.name,
                    "labels": dict(alert.labels),
                    "sameness": key,
                    "fired": alert.at,
                    "received": at,
                }
                for key, alert in came.items()
                if key not in known
            ]
            if new:
                connection.execute(sa.insert(alerts), new)
            return len(new)

        return await self._database.write(work)

    async def since(self, app: str, formation: str, at: datetime) -> Sequence[Alert]:
        """The formation's alerts that fired since then, oldest first."""
        query = sa.select(alerts).where(alerts.c.app == app, alerts.c.formation == formation, alerts.c.fired >= at)
        listed = await self._database.read(lambda c: rows.all_of(c, query.order_by(alerts.c.fired)))
        return tuple(Alert(name=row["name"], at=row["fired"], labels=row["labels"]) for row in listed)
