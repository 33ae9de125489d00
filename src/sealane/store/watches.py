"""The health and drift of watched formations: one row per formation, written by the worker that watches it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from sealane import typed_data
from sealane.deployments.last_lines import LastLines
from sealane.destinations.model import Inventory
from sealane.outbox.model import DomainEvent, Kind
from sealane.records.deployments import Deployment
from sealane.records.drift import DriftSeen
from sealane.store import event_writes, formations, health_events, rows, watch_assignments
from sealane.store.database import Database
from sealane.store.deployment_tables import formations as formations_table
from sealane.store.watch_assignments import KEY, Key, there
from sealane.store.worker_tables import watches, workers
from sealane.verdicts import health
from sealane.verdicts.health import FormationHealth, HealthState

_FIRST = 10
"""Drifted fields that an event names."""
_ROW = (*KEY, formations_table.c.verified_id, watches.c.deployment_id, watches.c.health, watches.c.drift)
_MINE = there(_ROW).where(watches.c.worker == sa.bindparam("me"))
_ONE_OF_MINE = _MINE.where(
    watches.c.app == sa.bindparam("its_app"),
    watches.c.formation == sa.bindparam("its_formation"),
    formations_table.c.current_id == sa.bindparam("its_deployment"),
)
_SEEN = (
    sa.select(watches, workers.c.beat, workers.c.dead)
    .join(workers, workers.c.id == watches.c.worker, isouter=True)
    .where(watches.c.deployment_id.is_not(None))
)
_SEEN_OF_APP = _SEEN.where(watches.c.app == sa.bindparam("its_app"))
SILENT = timedelta(seconds=60)
"""A worker without a heartbeat for this long watches nothing any more, even if it was not declared dead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """One formation that a worker watches, and what was last seen of it."""

    app: str
    formation: str
    deployment: str
    """The deployment that is there."""
    verified: bool = True
    """Whether its verdict was good: a failed deployment can't drift."""
    health: FormationHealth | None = None
    drift: DriftSeen | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What a worker watches."""

    keys: frozenset[Key]
    """Everything it watches."""
    fresh: tuple[Watch, ...]
    """What it did not watch before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What was last seen of a deployment."""

    deployment: str
    health: FormationHealth | None
    drift: DriftSeen | None


class Watches:
    """The table of watches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, worker: str, watched: Collection[Key] = ()) -> Claim:
        """What this worker watches now: formations without a living watcher, and its share of the rest.

        Formations are watched when something is deployed there and nothing is on its way. This is called every second, and
        reads only keys while nothing changes; `watched` are the keys that the worker watches already.
        """
        loose, owed, keys = await self._database.read(
            lambda c: (
                watch_assignments.loose(c, worker),
                watch_assignments.share_owed(c, worker),
                watch_assignments.keys(c, worker),
            )
        )
        if loose or owed:
            await self._database.write(lambda c: watch_assignments.take_share(c, worker, loose))
            keys = await self._database.read(lambda c: watch_assignments.keys(c, worker))
        if keys <= set(watched):
            return Claim(keys=keys, fresh=())
        claimed = map(_watch, await self._database.read(lambda c: rows.all_of(c, _MINE, me=worker)))
        fresh = tuple(watch for watch in claimed if _key(watch) in keys and _key(watch) not in watched)
        return Claim(keys=keys, fresh=fresh)

    async def keep(
        self, watch: Watch, health: FormationHealth, *, worker: str, at: datetime, log: LastLines | None = None
    ) -> bool:
        """Keeps the formation's health, and writes events about changes. False when this worker has lost the watch.

        `log` goes with the event that it degraded, and is kept nowhere else.
        """

        def work(connection: sa.Connection) -> bool:
            row = _mine(connection, watch, worker)
            if row is None:
                return False
            before = health_events.health_of(row)
            _put(connection, watch, row, health=rows.plain(health))
            if kind := health_events.change(before, health, anew=row["deployment_id"] != watch.deployment):
                event_writes.append(connection, _event(kind, watch, before, health, at, log))
            return True

        return await self._database.write(work)

    async def keep_drift(self, watch: Watch, seen: DriftSeen, *, worker: str, at: datetime) -> bool:
        """Keeps the drift, and writes events about changes. False when this worker has lost the watch."""

        def work(connection: sa.Connection) -> bool:
            row = _mine(connection, watch, worker)
            if row is None:
                return False
            before = _drift(row) if row["deployment_id"] == watch.deployment else None
            known = replace(seen, since=(before and before.since) or at) if seen.objects else seen
            _put(connection, watch, row, drift=rows.plain(known))
            if seen.objects and (before is None or replace(before, since=known.since) != known):
                event_writes.append(connection, _drifted(Kind.DRIFT_FOUND, watch, known, at))
            elif before and before.objects and not seen.objects:
                event_writes.append(connection, _drifted(Kind.DRIFT_GONE, watch, before, at))
            return True

        return await self._database.write(work)

    async def fixed(self, watch: Watch, seen: DriftSeen, inventory: Inventory, *, worker: str, at: datetime) -> None:
        """Writes that this drift was fixed, and keeps the current state, unless another worker has the watch by now."""

        def work(connection: sa.Connection) -> None:
            if _mine(connection, watch, worker) is not None:
                formations.update(connection, watch.app, watch.formation, inventory=rows.plain(inventory))
                event_writes.append(connection, _drifted(Kind.DRIFT_FIXED, watch, seen, at))

        await self._database.write(work)


def of_all(connection: sa.Connection, now: datetime, app: str | None = None) -> Mapping[tuple[str, str], Seen]:
    """What was last seen, by app and formation, in this transaction; of one app or of all."""
    watched = rows.all_of(connection, _SEEN) if app is None else rows.all_of(connection, _SEEN_OF_APP, its_app=app)
    return {
        (row["app"], row["formation"]): Seen(
            deployment=row["deployment_id"],
            health=trusted(row, now),
            drift=_drift(row),
        )
        for row in watched
    }


def of(connection: sa.Connection, deployment: Deployment, now: datetime) -> FormationHealth | None:
    """The health of a current deployment, in this transaction; None if it is not current, or another is on its way."""
    here = (watches.c.app == deployment.app) & (watches.c.formation == deployment.formation)
    if rows.one(connection, there(_ROW).where(here, formations_table.c.current_id == deployment.id)) is None:
        return None
    seen = of_all(connection, now, deployment.app).get((deployment.app, deployment.formation))
    return seen.health if seen and seen.deployment == deployment.id else None


def trusted(row: rows.Row, now: datetime) -> FormationHealth | None:
    """What was seen; unknown if nobody watches any more."""
    seen = health_events.health_of(row)
    if seen is None:
        return None
    beat: datetime | None = row["beat"]
    if beat is not None and now - beat < SILENT:
        return seen
    since = beat or row["dead"] or seen.since
    return health.unknown(since, seen, f"No worker has watched it since {since:%Y-%m-%d %H:%M:%S} UTC")


def _key(watch: Watch) -> Key:
    return watch.app, watch.formation, watch.deployment


def _watch(row: rows.Row) -> Watch:
    seen, same = health_events.health_of(row), row["deployment_id"] == row["current_id"]
    return Watch(
        app=row["app"],
        formation=row["formation"],
        deployment=row["current_id"],
        verified=row["current_id"] == row["verified_id"],
        health=seen if same or seen is None else _carried(seen),
        drift=_drift(row) if same else None,
    )


def _mine(connection: sa.Connection, watch: Watch, worker: str) -> rows.Row | None:
    """The locked row of the watch, until this transaction ends; None if the worker has lost it."""
    formations.lock(connection, watch.app, watch.formation)
    its = {"its_app": watch.app, "its_formation": watch.formation, "its_deployment": watch.deployment}
    return rows.one(connection, _ONE_OF_MINE, me=worker, **its)


def _put(connection: sa.Connection, watch: Watch, row: rows.Row, **values: object) -> None:
    """Keeps what was seen; removes what was seen of an earlier deployment, except an open problem."""
    if row["deployment_id"] != watch.deployment and "health" not in values:
        seen = health_events.health_of(row)
        values = {"health": rows.plain(_carried(seen)) if seen else None, **values}
    if row["deployment_id"] != watch.deployment and "drift" not in values:
        values = {"drift": None, **values}
    connection.execute(sa.update(watches).where(_is(watch)).values(deployment_id=watch.deployment, **values))


def _is(watch: Watch) -> sa.ColumnElement[bool]:
    return (watches.c.app == watch.app) & (watches.c.formation == watch.formation)


def _drift(row: rows.Row) -> DriftSeen | None:
    return typed_data.convert(row["drift"], DriftSeen) if row["drift"] is not None else None


def _drifted(kind: Kind, watch: Watch, seen: DriftSeen, at: datetime) -> DomainEvent:
    data = rows.plain(replace(seen, first=seen.first[:_FIRST]))
    del data["deployment"]
    return DomainEvent(
        kind=kind, at=at, app=watch.app, formation=watch.formation, deployment=watch.deployment, data=data
    )


def _carried(seen: FormationHealth) -> FormationHealth | None:
    """What survives a new deployment: an open problem, until the new one is seen to be healthy."""
    if seen.bad_since is None:
        return None
    return FormationHealth(state=HealthState.UNKNOWN, since=seen.since, bad_since=seen.bad_since)


def _event(
    kind: Kind,
    watch: Watch,
    before: FormationHealth | None,
    current: FormationHealth,
    at: datetime,
    log: LastLines | None,
) -> DomainEvent:
    data = health_events.data(before, current, at)
    if log is not None and kind is Kind.HEALTH_DEGRADED:
        data["log"] = rows.plain(log)
    return DomainEvent(
        kind=kind, at=at, app=watch.app, formation=watch.formation, deployment=watch.deployment, data=data
    )
