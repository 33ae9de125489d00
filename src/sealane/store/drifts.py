"""What was seen last of each formation's drift, so that pages need not ask destinations for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
import sqlalchemy as sa

from sealane.outbox.model import DomainEvent, Kind
from sealane.records.model import DriftSeen
from sealane.store import outbox, rows, upsert
from sealane.store.database import Database
from sealane.store.tables import deployments, drifts, formations


class Drifts:
    """The table of what was seen."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_due(self, before: datetime, *, at: datetime) -> tuple[str, str] | None:
        """App and name of a formation that nobody looked at since then, whose verified deployment is there; it is looked at now.

        Of several workers one gets it. None where no formation is due.
        """

        def work(connection: sa.Connection) -> tuple[str, str] | None:
            here = (drifts.c.app == formations.c.app) & (drifts.c.formation == formations.c.formation)
            due = (
                sa.select(formations.c.app, formations.c.formation, drifts.c.at)
                .join(deployments, deployments.c.id == formations.c.verified_id)
                .join(drifts, here, isouter=True)
                .where(formations.c.current_id == formations.c.verified_id, deployments.c.ended < before)
                .where(sa.or_(drifts.c.at.is_(None), drifts.c.at < before))
                .order_by(drifts.c.at.is_not(None), drifts.c.at)
                .limit(1)
                .with_for_update(of=formations)
            )
            row = rows.one(connection, due)
            if row is None:
                return None
            _put(connection, row["app"], row["formation"], {"at": at})
            return row["app"], row["formation"]

        return await self._database.write(work)

    async def keep(self, app: str, formation: str, seen: DriftSeen, *, at: datetime) -> None:
        """Keeps what was seen. Key: the formation; what is newer takes the place of what was there."""

        def work(connection: sa.Connection) -> None:
            here = (drifts.c.app == app) & (drifts.c.formation == formation)
            before = connection.execute(sa.select(drifts.c.seen).where(here)).scalar()
            _put(connection, app, formation, {"seen": rows.plain(seen), "at": at})
            if before is None or msgspec.convert(before, DriftSeen) != seen:
                data = {"objects": seen.objects, "fields": seen.fields, "by": list(seen.by)}
                drift = DomainEvent(
                    kind=Kind.FORMATION_DRIFT,
                    at=at,
                    app=app,
                    formation=formation,
                    deployment=seen.deployment,
                    data=data,
                )
                outbox.append(connection, drift)

        await self._database.write(work)


def of_all(connection: sa.Connection) -> Mapping[tuple[str, str], DriftSeen]:
    """What was seen last, by app and formation, in this transaction."""
    query = sa.select(drifts).where(drifts.c.seen.is_not(None))
    return {
        (row["app"], row["formation"]): msgspec.convert(row["seen"], DriftSeen)
        for row in rows.all_of(connection, query)
    }


def _put(connection: sa.Connection, app: str, formation: str, values: Mapping[str, object]) -> None:
    upsert.put(connection, drifts, {"app": app, "formation": formation}, values)
