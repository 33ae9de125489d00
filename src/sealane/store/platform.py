"""Counts of the tables' contents for `/metrics`, in SQL: each uses an index, none reads wide rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from sealane.metrics.platform import Backlog, PlatformFacts, Queue
from sealane.notices.model import TellState
from sealane.records.deployments import DeploymentState
from sealane.store import outbox, watches
from sealane.store.app_tables import troubles
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments, formations, holds
from sealane.store.notice_tables import notices
from sealane.store.outbox_tables import outbox as outbox_table
from sealane.store.outbox_tables import outbox_cursors
from sealane.store.run_tables import runs
from sealane.verdicts.health import HealthState


class Platform:
    """Counts the tables' contents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def backlogs(self, subscribers: Collection[str]) -> dict[str, Backlog]:
        """What each of the subscribers has not handled yet."""
        return await self._database.read(lambda c: _backlogs(c, subscribers))

    async def facts(self, subscribers: Collection[str], *, at: datetime) -> PlatformFacts:
        """The current facts, with the backlog of each of the subscribers, even of one that never began."""

        def work(connection: sa.Connection) -> PlatformFacts:
            environments = _environments(connection)
            watched = watches.of_all(connection, at)
            seen = [(environments[key], watch) for key, watch in watched.items() if key in environments]
            drifted = Counter(name for name, watch in seen if watch.drift and watch.drift.objects)
            health = Counter((name, watch.health.state.value) for name, watch in seen if watch.health)
            here = Counter(environments.values())
            return PlatformFacts(
                at=at,
                runs=_runs(connection),
                deployments=_deployments(connection),
                formations=here,
                drifted={name: drifted[name] for name in here},
                health={(name, state): health[name, state] for name in here for state in HealthState},
                holds=_count(connection, holds.c.lifted.is_(None)),
                notices=_notices(connection),
                troubled_apps=_count(connection, troubles.c.resolved.is_(None)),
                newest_event=outbox.newest(connection),
                subscribers=_backlogs(connection, subscribers),
                database_bytes=_bytes(connection),
            )

        return await self._database.read(work)


def _environments(connection: sa.Connection) -> dict[tuple[str, str], str]:
    query = sa.select(formations.c.app, formations.c.formation, formations.c.environment)
    there = query.where(formations.c.current_id.is_not(None))
    return {(row.app, row.formation): row.environment for row in connection.execute(there)}


def _runs(connection: sa.Connection) -> dict[str, Queue]:
    open_ones = sa.select(runs.c.admitted, sa.func.count(), sa.func.min(runs.c.created)).where(runs.c.ended.is_(None))
    queues = {
        row[0]: Queue(length=row[1], since=row[2]) for row in connection.execute(open_ones.group_by(runs.c.admitted))
    }
    nothing = Queue(length=0, since=None)
    return {"queued": queues.get(False, nothing), "running": queues.get(True, nothing)}


def _deployments(connection: sa.Connection) -> dict[str, Queue]:
    states = [state for state in DeploymentState if state is not DeploymentState.ENDED]
    counted = sa.select(deployments.c.state, sa.func.count(), sa.func.min(deployments.c.created))
    chosen = counted.where(deployments.c.state.in_(states)).group_by(deployments.c.state)
    queues = {row[0]: Queue(length=row[1], since=row[2]) for row in connection.execute(chosen)}
    return {state.value: queues.get(state.value, Queue(length=0, since=None)) for state in states}


def _notices(connection: sa.Connection) -> dict[str, int]:
    """Unsent notices; one that never failed and is only waiting does not count."""
    wrong = [state.value for state in (TellState.UNSENT, TellState.GIVEN_UP)]
    failed = sa.select(notices.c.state, sa.func.count()).where(notices.c.state.in_(wrong), notices.c.tries > 0)
    counts = {row[0]: int(row[1]) for row in connection.execute(failed.group_by(notices.c.state))}
    return {state: counts.get(state, 0) for state in wrong}


def _count(connection: sa.Connection, chosen: sa.ColumnElement[bool]) -> int:
    return int(connection.execute(sa.select(sa.func.count()).where(chosen)).scalar() or 0)


def _backlogs(connection: sa.Connection, subscribers: Collection[str]) -> dict[str, Backlog]:
    newest = outbox.newest(connection)
    return {name: _backlog(connection, name, newest) for name in subscribers}


def _backlog(connection: sa.Connection, name: str, newest: int) -> Backlog:
    position = sa.select(outbox_cursors.c.position).where(outbox_cursors.c.name == name)
    cursor = max(int(connection.execute(position).scalar() or 0), outbox.trimmed(connection))
    first = sa.select(outbox_table.c.at).where(outbox_table.c.id > cursor).order_by(outbox_table.c.id).limit(1)
    return Backlog(events=max(0, newest - cursor), since=connection.execute(first).scalar())


def _bytes(connection: sa.Connection) -> int:
    if connection.dialect.name == "postgresql":
        return int(connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar() or 0)
    pages, size = (connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("page_count", "page_size"))
    return int(pages or 0) * int(size or 0)
