"""What others deploy: one row per place, which one worker at a time watches and writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sealane.environments.model import ObservedPlace
from sealane.outbox.model import DomainEvent, Kind
from sealane.records.scopes import EVERYTHING, Scope
from sealane.records.views import ObservedRow
from sealane.store import event_writes, health_events, rows, scopes, upsert, watches
from sealane.store.database import Database
from sealane.store.worker_tables import observed, workers
from sealane.verdicts.health import FormationHealth

_KEY = ("environment", "app", "formation")


class ObservedPlaces:
    """The table of notices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(
        self, worker: str, places: Collection[ObservedPlace]
    ) -> dict[ObservedPlace, FormationHealth | None]:
        """The places that this worker watches now, with what was last seen; other places are forgotten."""

        def work(connection: sa.Connection) -> dict[ObservedPlace, FormationHealth | None]:
            stored = {_place(row): row for row in rows.all_of(connection, sa.select(observed))}
            for place in stored.keys() - set(places):
                connection.execute(sa.delete(observed).where(*_is(place)))
            for place in places:
                if place not in stored:
                    key, values = _split(place)
                    upsert.put(connection, observed, key, {**values, "version": "", "worker": None, "health": None})
            connection.execute(sa.update(observed).where(_left()).values(worker=worker))
            mine = rows.all_of(connection, sa.select(observed).where(observed.c.worker == worker))
            return {_place(row): health_events.health_of(row) for row in mine}

        return await self._database.write(work)

    async def keep(
        self, place: ObservedPlace, *, worker: str, version: str, health: FormationHealth, at: datetime
    ) -> bool:
        """Keeps what was seen, and says what changed. False when it is not this worker's to say any more."""
        mine = (*_is(place), observed.c.worker == worker)

        def work(connection: sa.Connection) -> bool:
            row = rows.one(connection, sa.select(observed).where(*mine).with_for_update())
            if row is None:
                return False
            update = sa.update(observed).where(*mine)
            connection.execute(update.values(version=version, health=rows.plain(health)))
            before = health_events.health_of(row)
            if kind := health_events.change(before, health, anew=row["version"] != version):
                data = health_events.data(before, health, at)
                event_writes.append(
                    connection, _event(kind, place, {**data, **({"version": version} if version else {})}, at)
                )
            return True

        return await self._database.write(work)

    async def all(self, now: datetime, scope: Scope = EVERYTHING) -> tuple[ObservedRow, ...]:
        """Everything, by app and formation; what nobody watches any more is unknown."""
        query = sa.select(observed, workers.c.beat, workers.c.dead)
        query = query.join(workers, workers.c.id == observed.c.worker, isouter=True)
        query = query.where(scopes.chosen(scope, observed.c.app, observed.c.environment))
        query = query.order_by(observed.c.app, observed.c.formation, observed.c.environment)
        places = await self._database.read(lambda c: rows.all_of(c, query))
        return tuple(
            ObservedRow(**asdict(_place(row)), version=row["version"], health=watches.trusted(row, now))
            for row in places
        )


def _event(kind: Kind, place: ObservedPlace, data: Mapping[str, Any], at: datetime) -> DomainEvent:
    """The event names no deployment, because Sealane did not deploy, and names the place's owner."""
    whose = {"observed": True, "environment": place.environment, "owner": place.owner}
    return DomainEvent(kind=kind, at=at, app=place.app, formation=place.formation, data={**data, **whose})


def _left() -> sa.ColumnElement[bool]:
    """The condition that no living worker watches it."""
    return ~sa.exists().where(workers.c.id == observed.c.worker, workers.c.dead.is_(None)).correlate(observed)


def _place(row: rows.Row) -> ObservedPlace:
    return ObservedPlace(**{name: row[name] for name in (*_KEY, "owner", "destination", "namespace")})


def _split(place: ObservedPlace) -> tuple[dict[str, Any], dict[str, Any]]:
    given = asdict(place)
    return {name: given[name] for name in _KEY}, {name: text for name, text in given.items() if name not in _KEY}


def _is(place: ObservedPlace) -> tuple[sa.ColumnElement[bool], ...]:
    return tuple(observed.c[name] == text for name, text in _split(place)[0].items())
