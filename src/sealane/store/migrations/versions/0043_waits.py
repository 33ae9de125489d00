"""Notes what a deployment waits for, from when to when; in earlier figures, separates the time of holds from windows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json, Moment

revision = "0043"
down_revision = "0042"

_deployments = sa.table(
    "deployments",
    *(sa.column(name, sa.Text) for name in ("id", "app", "formation", "state", "release_id")),
    sa.column("place", sa.Float),
    sa.column("rules", Json),
    sa.column("waits", Json),
    *(sa.column(name, Moment) for name in ("created", "opened")),
)
_figures = sa.table(
    "deployment_figures",
    sa.column("deployment_id", sa.Text),
    *(sa.column(name, sa.BigInteger) for name in ("lead_time", "hold", "window")),
)
_holds = sa.table(
    "holds",
    *(sa.column(name, sa.Text) for name in ("app", "formation", "release_id")),
    sa.column("place", sa.Float),
    *(sa.column(name, Moment) for name in ("created", "lifted")),
)


def upgrade() -> None:
    op.add_column("deployments", sa.Column("waits", Json, nullable=True))
    op.add_column("deployment_figures", sa.Column("hold", sa.BigInteger(), nullable=True))
    connection = op.get_bind()
    connection.execute(sa.update(_figures).where(_figures.c.lead_time.is_not(None)).values(hold=0))
    for deployment, held, window in _told_apart(connection):
        mine = _figures.c.deployment_id == deployment
        connection.execute(sa.update(_figures).where(mine).values(hold=held, window=window))
    query = sa.select(_deployments.c.id, _deployments.c.rules, _deployments.c.created)
    for row in connection.execute(query.where(_deployments.c.state == "waiting")).all():
        if row.rules:  # the first check ends waits that are over
            asked = [{"kind": "approval", "since": row.created.isoformat(), "until": None}]
            connection.execute(sa.update(_deployments).where(_deployments.c.id == row.id).values(waits=asked))


def _told_apart(connection: sa.Connection) -> Iterator[tuple[str, int, int]]:
    """For each deployment that waited for windows or holds: microseconds of both."""
    same = (_holds.c.app == _deployments.c.app) & sa.or_(
        (_holds.c.formation == _deployments.c.formation) & (_holds.c.place >= _deployments.c.place),
        (_holds.c.release_id.is_not(None)) & (_holds.c.place == _deployments.c.place),
    )
    query = (
        sa.select(_deployments.c.id, _deployments.c.opened, _figures.c.window, _holds.c.created, _holds.c.lifted)
        .join(_figures, _figures.c.deployment_id == _deployments.c.id)
        .join(_holds, same)
        .where(_figures.c.window > 0, _deployments.c.opened.is_not(None))
        .order_by(_deployments.c.id, _holds.c.created)
    )
    for deployment, rows in groupby(connection.execute(query).all(), key=lambda row: row.id):
        waits = list(rows)
        held = min(_held(waits), waits[0].window)
        yield deployment, held, waits[0].window - held


def _held(rows: list[Any]) -> int:
    """Microseconds of its wait with a hold; holds come in order."""
    until: datetime = rows[0].opened
    reached = until - timedelta(microseconds=rows[0].window)
    held = timedelta()
    for row in rows:
        begun, over = max(row.created, reached), min(row.lifted or until, until)
        if over > begun:
            held, reached = held + (over - begun), over
    return held // timedelta(microseconds=1)
