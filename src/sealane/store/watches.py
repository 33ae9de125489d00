"""Which worker watches which formation, and how each fares: one row a formation, which one worker at a time writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from sealane.outbox.model import DomainEvent, Kind
from sealane.records.model import Deployment, DeploymentState
from sealane.store import formations, outbox, rows, upsert
from sealane.store.database import Database
from sealane.store.tables import deployments as deployments_table
from sealane.store.tables import formations as formations_table
from sealane.store.tables import watches, workers
from sealane.verdicts import health
from sealane.verdicts.health import BAD, FormationHealth, HealthState

SILENT = timedelta(seconds=60)
"""A worker that has not beaten for so long watches nothing any more, whoever has noticed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """One formation that a worker watches, and what was seen of it last."""

    app: str
    formation: str
    deployment: str
    """The one that is there."""
    health: FormationHealth | None = None


class Watches:
    """The table of watches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, worker: str) -> tuple[Watch, ...]:
        """What this worker watches now, with whatever nobody did, or only somebody who is dead.

        Formations are watched where something was deployed, and nothing is on its way.
        """
        loose = sa.or_(watches.c.app.is_(None), _left()) & ~sa.exists().where(
            workers.c.id == worker, workers.c.dead.is_not(None)
        )
        found = await self._database.read(lambda c: rows.all_of(c, _there().where(loose)))
        if found:
            await self._database.write(lambda c: _take(c, worker, found))
        mine = _there().where(watches.c.worker == worker)
        return tuple(_watch(row) for row in await self._database.read(lambda c: rows.all_of(c, mine)))

    async def keep(self, watch: Watch, said: FormationHealth, *, worker: str, at: datetime) -> bool:
        """Keeps how the formation fares, and says what changed. False when it is not this worker's to say any more."""

        def work(connection: sa.Connection) -> bool:
            formations.lock(connection, watch.app, watch.formation)
            here = (watches.c.app == watch.app) & (watches.c.formation == watch.formation)
            mine = _there().where(here, watches.c.worker == worker, formations_table.c.current_id == watch.deployment)
            row = rows.one(connection, mine)
            if row is None:
                return False
            before = _health(row)
            values = {"health": rows.plain(said), "deployment_id": watch.deployment}
            connection.execute(sa.update(watches).where(here).values(values))
            if kind := _change(before, said, anew=row["deployment_id"] != watch.deployment):
                outbox.append(connection, _event(kind, watch, before, said, at))
            return True

        return await self._database.write(work)


def of_all(connection: sa.Connection, now: datetime) -> Mapping[tuple[str, str], tuple[str, FormationHealth]]:
    """The deployment that was watched last and how it fares, by app and formation, in this transaction."""
    seen = sa.select(watches, workers.c.beat, workers.c.dead).join(
        workers, workers.c.id == watches.c.worker, isouter=True
    )
    found = rows.all_of(connection, seen.where(watches.c.health.is_not(None), watches.c.deployment_id.is_not(None)))
    return {(row["app"], row["formation"]): (row["deployment_id"], _trusted(row, now)) for row in found}


def of(connection: sa.Connection, deployment: Deployment, now: datetime) -> FormationHealth | None:
    """How a deployment fares that is there, in this transaction; None where it is not, or something else is on its way."""
    here = (watches.c.app == deployment.app) & (watches.c.formation == deployment.formation)
    if rows.one(connection, _there().where(here, formations_table.c.current_id == deployment.id)) is None:
        return None
    watched, seen = of_all(connection, now).get((deployment.app, deployment.formation), (None, None))
    return seen if watched == deployment.id else None


def _trusted(row: rows.Row, now: datetime) -> FormationHealth:
    """What was seen, unless nobody looks any more."""
    seen = msgspec.convert(row["health"], FormationHealth)
    beat: datetime | None = row["beat"]
    if beat is not None and now - beat < SILENT:
        return seen
    since = beat or row["dead"] or seen.since
    return health.unknown(since, seen, f"No worker has watched it since {since:%Y-%m-%d %H:%M:%S} UTC")


def _there() -> sa.Select[Any]:
    """Formations where something was deployed, and nothing is on its way, with their watch."""
    here = (watches.c.app == formations_table.c.app) & (watches.c.formation == formations_table.c.formation)
    other = deployments_table.alias()
    going = sa.exists().where(
        other.c.app == formations_table.c.app,
        other.c.formation == formations_table.c.formation,
        other.c.state == DeploymentState.ROLLING_OUT.value,
    )
    columns = (
        formations_table.c.app,
        formations_table.c.formation,
        formations_table.c.current_id,
        watches.c.deployment_id,
        watches.c.health,
    )
    return (
        sa.select(*columns).join(watches, here, isouter=True).where(formations_table.c.current_id.is_not(None), ~going)
    )


def _left() -> sa.ColumnElement[bool]:
    """Whether nobody who lives has the watch."""
    alive = sa.exists().where(workers.c.id == watches.c.worker, workers.c.dead.is_(None))
    return ~alive.correlate(watches)


def _take(connection: sa.Connection, worker: str, found: list[rows.Row]) -> None:
    """Takes them; of several workers that want one at once the first has it."""
    for row in found:
        here = (watches.c.app == row["app"]) & (watches.c.formation == row["formation"])
        upsert.ensure(connection, watches, {"app": row["app"], "formation": row["formation"]})
        connection.execute(sa.update(watches).where(here, _left()).values(worker=worker))


def _watch(row: rows.Row) -> Watch:
    seen = _health(row)
    if seen is not None and row["deployment_id"] != row["current_id"]:
        seen = _carried(seen)
    return Watch(app=row["app"], formation=row["formation"], deployment=row["current_id"], health=seen)


def _health(row: rows.Row) -> FormationHealth | None:
    return msgspec.convert(row["health"], FormationHealth) if row["health"] is not None else None


def _carried(seen: FormationHealth) -> FormationHealth | None:
    """What lasts over a deployment: trouble, until what is there now is seen to be well."""
    if seen.bad_since is None:
        return None
    return FormationHealth(state=HealthState.UNKNOWN, since=seen.since, bad_since=seen.bad_since)


def _change(before: FormationHealth | None, said: FormationHealth, *, anew: bool) -> Kind | None:
    """What to say, if anything: how often a container ended, or how many are ready, is on the page only."""
    if said.state in BAD and (before is None or before.bad_since is None):
        return Kind.HEALTH_DEGRADED
    if said.state is HealthState.HEALTHY and before and before.bad_since:
        return Kind.HEALTH_RECOVERED
    if anew or before is None or before.state is not said.state:
        return Kind.HEALTH_CHANGED
    same = (before.object, before.reason) == (said.object, said.reason)
    return None if same else Kind.HEALTH_CHANGED


def _event(
    kind: Kind, watch: Watch, before: FormationHealth | None, said: FormationHealth, at: datetime
) -> DomainEvent:
    bad_since = said.bad_since or (before.bad_since if before else None)
    data = {
        "state": said.state.value,
        "before": before.state.value if before else None,
        "since": said.since.isoformat(),
        "cause": said.cause,
        "object": said.object,
        "workload": said.workload,
        "container": said.container,
        "reason": said.reason.value if said.reason else None,
        "bad_since": bad_since.isoformat() if bad_since else None,
        "seconds": round((at - bad_since).total_seconds(), 3) if bad_since and said.bad_since is None else None,
    }
    return DomainEvent(
        kind=kind,
        at=at,
        app=watch.app,
        formation=watch.formation,
        deployment=watch.deployment,
        data={name: value for name, value in data.items() if value not in {None, ""}},
    )
