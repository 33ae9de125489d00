"""How insights count each run and step, and where the time of each change went; earlier ones are counted, too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from sealane.insights import definitions
from sealane.insights.definitions import Ended
from sealane.records.deployments import DeploymentKind
from sealane.records.waits import Wait, Waits
from sealane.store.columns import Moment
from sealane.verdicts.model import VerdictKind

revision = "0039"
down_revision = "0038"

_AT_ONCE = 5_000
_WAITS = ("queue", "steps", "approval", "window", "rollout")
_runs = sa.table(
    "runs",
    *(sa.column(name, sa.Text) for name in ("id", "app", "commit", "status")),
    *(sa.column(name, Moment) for name in ("created", "started", "ended")),
)
_steps = sa.table(
    "run_steps",
    *(sa.column(name, sa.Text) for name in ("run_id", "key", "kind", "status")),
    *(sa.column(name, Moment) for name in ("started", "ended")),
)
_deployments = sa.table(
    "deployments",
    *(sa.column(name, sa.Text) for name in ("id", "app", "kind", "revision_id", "verdict_kind")),
    *(sa.column(name, Moment) for name in ("created", "opened", "started", "ended")),
)
_votes = sa.table(
    "votes", sa.column("deployment_id", sa.Text), sa.column("approves", sa.Boolean), sa.column("at", Moment)
)
_figures = sa.table(
    "deployment_figures",
    *(sa.column(name, sa.Text) for name in ("deployment_id", "commit")),
    *(sa.column(name, sa.Float) for name in ("lead_time", *_WAITS)),
)


def upgrade() -> None:
    for name, key in (("run_figures", ()), ("step_figures", ("key",))):
        op.create_table(
            name,
            *(sa.Column(column, sa.Text(), nullable=False) for column in ("run_id", *key, "app")),
            sa.Column("at", sa.BigInteger(), nullable=False),
            sa.Column("passed", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("took", sa.Float(), nullable=False),
            sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f(f"fk_{name}_run_id"), ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("run_id", *key, name=op.f(f"pk_{name}")),
        )
    op.create_index("ix_run_figures_counted", "run_figures", ["at", "app", "passed", "took"])
    op.create_index("ix_step_figures_counted", "step_figures", ["app", "at", "key", "passed", "took"])
    for wait in _WAITS:
        op.add_column("deployment_figures", sa.Column(wait, sa.Float(), nullable=True))
    connection = op.get_bind()
    _insert("run_figures", _counted_runs(connection))
    _insert("step_figures", _counted_steps(connection))
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in _WAITS}
    if waits := list(_waited(connection)):
        connection.execute(
            sa.update(_figures).where(_figures.c.deployment_id == sa.bindparam("of")).values(values), waits
        )


def _insert(name: str, rows: Iterator[dict[str, Any]]) -> None:
    values = list(rows)
    for begin in range(0, len(values), _AT_ONCE):
        op.bulk_insert(sa.table(name, *(sa.column(column) for column in values[0])), values[begin : begin + _AT_ONCE])


def _counted_runs(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    for row in connection.execute(sa.select(_runs).where(_runs.c.ended.is_not(None))):
        if definitions.was_carried_out(row.status, row.started):
            yield _counted(row.id, row.app, row.ended, row)


def _counted_steps(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    query = sa.select(_steps, _runs.c.app, _runs.c.ended.label("over"), _runs.c.status.label("became"))
    query = query.join(_runs, _runs.c.id == _steps.c.run_id).where(
        _steps.c.kind != "deliver",
        _steps.c.ended.is_not(None),
        _runs.c.ended.is_not(None),
        _runs.c.started.is_not(None),
    )
    for row in connection.execute(query):
        run = definitions.was_carried_out(row.became, row.started)
        if run and definitions.was_carried_out(row.status, row.started):
            yield {**_counted(row.run_id, row.app, row.over, row), "key": row.key}


def _counted(run_id: str, app: str, over: datetime, row: Any) -> dict[str, Any]:
    passed, took = definitions.has_passed(row.status), definitions.took(row.started, row.ended)
    return {"run_id": run_id, "app": app, "at": int(over.timestamp()), "passed": passed, "took": took}


def _waited(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    heard = sa.select(_runs.c.app, _runs.c.commit, sa.func.min(_runs.c.created), sa.func.min(_runs.c.started))
    received = {
        (app, commit): at for app, commit, *at in connection.execute(heard.group_by(_runs.c.app, _runs.c.commit))
    }
    agreed = sa.select(_votes.c.deployment_id, sa.func.max(_votes.c.at)).where(_votes.c.approves)
    approved = {row[0]: row[1] for row in connection.execute(agreed.group_by(_votes.c.deployment_id))}
    query = sa.select(_deployments, _figures.c.commit)
    query = query.join(_figures, _figures.c.deployment_id == _deployments.c.id)
    for row in connection.execute(query.where(_figures.c.lead_time.is_not(None))):
        first, begun = received.get((row.app, row.commit), (None, None))
        if first is not None:
            waits = definitions.waits(_ended(row, begun, approved.get(row.id)), first)
            yield {"of": row.id, **{f"new_{name}": getattr(waits, name) for name in _WAITS}}


def _ended(row: Any, begun: datetime | None, approved: datetime | None) -> Ended:
    return Ended(
        id=row.id,
        kind=DeploymentKind(row.kind),
        revision=row.revision_id,
        from_revision=None,
        asked=row.created,
        started=row.started,
        at=row.ended,
        verdict=VerdictKind(row.verdict_kind),
        begun=begun,
        waits=tuple(_stood(row.created, approved, row.opened)),
    )


def _stood(asked: datetime, approved: datetime | None, opened: datetime | None) -> Iterator[Wait]:
    if approved is not None:
        yield Wait(kind=Waits.APPROVAL, since=asked, until=approved)
    if opened is not None:
        yield Wait(kind=Waits.WINDOW, since=approved or asked, until=opened)
