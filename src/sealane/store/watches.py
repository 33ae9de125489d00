"""Which worker watches which formation, and each one's health: one row per formation, written by one worker at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sealane import typed_data
from sealane.deployments.last_lines import LastLines
from sealane.destinations.model import Inventory
from sealane.outbox.model import DomainEvent, Kind
from sealane.records.deployments import Deployment, DeploymentState
from sealane.records.drift import DriftSeen
from sealane.store import event_writes, formations, health_events, rows, upsert
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments as deployments_table
from sealane.store.deployment_tables import formations as formations_table
from sealane.store.worker_tables import watches, workers
from sealane.verdicts import health
from sealane.verdicts.health import FormationHealth, HealthState

_FIRST = 10
"""Drifted fields that an event names."""
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


Key = tuple[str, str, str]
"""App, formation, and the deployment that is there."""


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
        loose, owed, keys = await self._database.read(lambda c: (_loose(c, worker), _owed(c, worker), _keys(c, worker)))
        if loose or owed:
            await self._database.write(lambda c: _take_share(c, worker, loose))
            keys = await self._database.read(lambda c: _keys(c, worker))
        if keys <= set(watched):
            return Claim(keys=keys, fresh=())
        mine = _there().where(watches.c.worker == worker)
        claimed = map(_watch, await self._database.read(lambda c: rows.all_of(c, mine)))
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
    beats = sa.select(watches, workers.c.beat, workers.c.dead)
    beats = beats.join(workers, workers.c.id == watches.c.worker, isouter=True)
    beats = beats.where(watches.c.app == app) if app is not None else beats
    watched = rows.all_of(connection, beats.where(watches.c.deployment_id.is_not(None)))
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
    if rows.one(connection, _there().where(here, formations_table.c.current_id == deployment.id)) is None:
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


_KEY = (formations_table.c.app, formations_table.c.formation, formations_table.c.current_id)
_ROW = (*_KEY, formations_table.c.verified_id, watches.c.deployment_id, watches.c.health, watches.c.drift)


def _there(columns: Sequence[sa.Column[Any]] = _ROW) -> sa.Select[Any]:
    """Formations with a deployment and nothing on its way, with their watch."""
    here = (watches.c.app == formations_table.c.app) & (watches.c.formation == formations_table.c.formation)
    going = sa.select(deployments_table.c.app, deployments_table.c.formation)
    going = going.where(deployments_table.c.state == DeploymentState.ROLLING_OUT.value)
    idle = sa.tuple_(formations_table.c.app, formations_table.c.formation).not_in(going)
    return sa.select(*columns).join(watches, here, isouter=True).where(formations_table.c.current_id.is_not(None), idle)


def _left() -> sa.ColumnElement[bool]:
    """The condition that no living worker has the watch."""
    alive = sa.exists().where(workers.c.id == watches.c.worker, workers.c.dead.is_(None))
    return ~alive.correlate(watches)


def _keys(connection: sa.Connection, worker: str) -> frozenset[Key]:
    """The keys that the worker watches."""
    mine = _there(_KEY).where(watches.c.worker == worker)
    return frozenset((row[0], row[1], row[2]) for row in connection.execute(mine))


def _loose(connection: sa.Connection, worker: str) -> tuple[Key, ...]:
    """What no living worker watches; nothing if this worker is dead itself."""
    dead = sa.exists().where(workers.c.id == worker, workers.c.dead.is_not(None))
    loose = _there(_KEY).where(sa.or_(watches.c.app.is_(None), _left()) & ~dead)
    return tuple((row[0], row[1], row[2]) for row in connection.execute(loose))


def _take_share(connection: sa.Connection, worker: str, loose: Sequence[Key]) -> None:
    """Takes unwatched formations (each goes to the first of several workers), and this worker's share of the rest."""
    for app, formation, _ in loose:
        here = (watches.c.app == app) & (watches.c.formation == formation)
        upsert.ensure(connection, watches, {"app": app, "formation": formation})
        connection.execute(sa.update(watches).where(here, _left()).values(worker=worker))
    _even_out(connection, worker)


def _owed(connection: sa.Connection, worker: str) -> tuple[str, int] | None:
    """The worker that watches most, and how many of these this worker should take; None when it watches enough."""
    alive = connection.execute(sa.select(workers.c.id).where(workers.c.dead.is_(None))).scalars().all()
    counted = sa.select(watches.c.worker, sa.func.count()).where(watches.c.worker.in_(alive)).group_by(watches.c.worker)
    watched: dict[str, int] = {row[0]: row[1] for row in connection.execute(counted)}
    if worker not in alive or not watched:
        return None
    share, busiest = sum(watched.values()) // len(alive), max(watched, key=watched.__getitem__)
    number = min(share - watched.get(worker, 0), watched[busiest] - share)
    return (busiest, number) if number > 0 else None


def _even_out(connection: sa.Connection, worker: str) -> None:
    """Takes this worker's share; the former watcher notices that it has lost it."""
    if (owed := _owed(connection, worker)) is None:
        return
    busiest, number = owed
    theirs = watches.c.worker == busiest
    chosen = sa.select(watches.c.app, watches.c.formation).where(theirs).order_by(*watches.primary_key).limit(number)
    for row in rows.all_of(connection, chosen):
        here = (watches.c.app == row["app"]) & (watches.c.formation == row["formation"])
        connection.execute(sa.update(watches).where(here, theirs).values(worker=worker))


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
    here = formations_table.c.current_id == watch.deployment
    return rows.one(connection, _there().where(_is(watch), watches.c.worker == worker, here))


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
