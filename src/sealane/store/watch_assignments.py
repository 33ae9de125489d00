"""Which worker watches which formation: those that nobody watches are taken, and all are shared evenly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from sealane.records.deployments import DeploymentState
from sealane.store import rows, upsert
from sealane.store.deployment_tables import deployments as deployments_table
from sealane.store.deployment_tables import formations as formations_table
from sealane.store.worker_tables import watches, workers

Key = tuple[str, str, str]
"""App, formation, and the deployment that is there."""
KEY = (formations_table.c.app, formations_table.c.formation, formations_table.c.current_id)
"""The columns of a key."""


def there(columns: Sequence[sa.Column[Any]]) -> sa.Select[Any]:
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


_MINE = there(KEY).where(watches.c.worker == sa.bindparam("me"))
_UNWATCHED = there(KEY).where(
    sa.or_(watches.c.app.is_(None), _left())
    & ~sa.exists().where(workers.c.id == sa.bindparam("me"), workers.c.dead.is_not(None))
)
_ALIVE = sa.select(workers.c.id).where(workers.c.dead.is_(None))
_WATCHED = (
    sa.select(watches.c.worker, sa.func.count())
    .where(watches.c.worker.in_(sa.bindparam("alive", expanding=True)))
    .group_by(watches.c.worker)
)


def keys(connection: sa.Connection, worker: str) -> frozenset[Key]:
    """The keys that the worker watches."""
    return frozenset((row[0], row[1], row[2]) for row in connection.execute(_MINE, {"me": worker}))


def loose(connection: sa.Connection, worker: str) -> tuple[Key, ...]:
    """What no living worker watches; nothing if this worker is dead itself."""
    return tuple((row[0], row[1], row[2]) for row in connection.execute(_UNWATCHED, {"me": worker}))


def take_share(connection: sa.Connection, worker: str, loose: Sequence[Key]) -> None:
    """Takes unwatched formations (each goes to the first of several workers), and this worker's share of the rest."""
    for app, formation, _ in loose:
        here = (watches.c.app == app) & (watches.c.formation == formation)
        upsert.ensure(connection, watches, {"app": app, "formation": formation})
        connection.execute(sa.update(watches).where(here, _left()).values(worker=worker))
    _even_out(connection, worker)


def share_owed(connection: sa.Connection, worker: str) -> tuple[str, int] | None:
    """The worker that watches most, and how many of these this worker should take; None when it watches enough."""
    alive = connection.execute(_ALIVE).scalars().all()
    watched: dict[str, int] = {row[0]: row[1] for row in connection.execute(_WATCHED, {"alive": alive})}
    if worker not in alive or not watched:
        return None
    share, busiest = sum(watched.values()) // len(alive), max(watched, key=watched.__getitem__)
    number = min(share - watched.get(worker, 0), watched[busiest] - share)
    return (busiest, number) if number > 0 else None


def _even_out(connection: sa.Connection, worker: str) -> None:
    """Takes this worker's share; the former watcher notices that it has lost it."""
    if (owed := share_owed(connection, worker)) is None:
        return
    busiest, number = owed
    theirs = watches.c.worker == busiest
    chosen = sa.select(watches.c.app, watches.c.formation).where(theirs).order_by(*watches.primary_key).limit(number)
    for row in rows.all_of(connection, chosen):
        here = (watches.c.app == row["app"]) & (watches.c.formation == row["formation"])
        connection.execute(sa.update(watches).where(here, theirs).values(worker=worker))
