"""How insights count each deployment; earlier ones are counted in the same way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from sealane.insights import definitions
from sealane.insights.definitions import Counted, Ended, Failure
from sealane.records.deployments import DeploymentKind
from sealane.store.columns import Json, Moment
from sealane.verdicts.model import VerdictKind

revision = "0032"
down_revision = "0031"

_TEXTS = ("id", "app", "formation", "environment", "kind", "revision_id", "from_revision_id", "release_id")
_deployments = sa.table(
    "deployments",
    *(sa.column(name, sa.Text) for name in _TEXTS),
    *(sa.column(name, Moment) for name in ("created", "started", "ended")),
    sa.column("place", sa.Float),
    sa.column("verdict", Json),
)
_releases = sa.table("releases", sa.column("id", sa.Text), sa.column("commit", sa.Text))
_runs = sa.table("runs", sa.column("app", sa.Text), sa.column("commit", sa.Text), sa.column("created", Moment))


def upgrade() -> None:
    op.create_table(
        "deployment_figures",
        sa.Column("deployment_id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("app", "formation", "environment")),
        sa.Column("commit", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()) for name in ("deployed", "failed")),
        *(sa.Column(name, sa.Float(), nullable=True) for name in ("lead_time", "restored")),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployments.id"],
            name=op.f("fk_deployment_figures_deployment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("deployment_id", name=op.f("pk_deployment_figures")),
    )
    op.create_index("ix_deployment_figures_formation", "deployment_figures", ["app", "formation", "at"])
    counted = ["environment", "at", "app", "deployed", "failed", "lead_time", "restored"]
    op.create_index("ix_deployment_figures_counted", "deployment_figures", counted)
    if figures := _counted(op.get_bind()):
        op.bulk_insert(sa.table("deployment_figures", *(sa.column(name) for name in figures[0])), figures)


class _Formation:
    """The state of one formation so far."""

    def __init__(self) -> None:
        self.good: list[str] = []
        """Changes that were deployed and have not failed."""
        self.open: dict[str, datetime] = {}
        """Failures that were not made good, with when they began."""
        self.arrived: set[str] = set()
        """Commits that were deployed."""
        self.place: float | None = None
        """Where the commit stands that is verified."""


def _counted(connection: sa.Connection) -> list[dict[str, Any]]:
    """The deployments that began and ended, counted in the order in which they ended."""
    heard = sa.select(_runs.c.app, _runs.c.commit, sa.func.min(_runs.c.created)).group_by(_runs.c.app, _runs.c.commit)
    received = {(app, commit): at for app, commit, at in connection.execute(heard)}
    query = sa.select(_deployments, _releases.c.commit)
    query = query.outerjoin(_releases, _releases.c.id == _deployments.c.release_id)
    query = query.where(_deployments.c.started.is_not(None), _deployments.c.ended.is_not(None))
    figures: dict[str, dict[str, Any]] = {}
    formations: dict[tuple[str, str], _Formation] = {}
    for row in connection.execute(query.order_by(_deployments.c.ended)).mappings():
        here = formations.setdefault((row["app"], row["formation"]), _Formation())
        ended = _ended(row, here, received.get((row["app"], row["commit"])))
        failures = [Failure(id=name, since=at) for name, at in here.open.items()]
        count = definitions.count(ended, failures, here.good[-1] if here.good else None)
        figures[ended.id] = _values(row, count.own)
        for failure in count.failed:
            figures[failure.id] |= {"failed": True, "restored": failure.restored}
            here.good = [name for name in here.good if name != failure.id]
            here.open.pop(failure.id, None)
        _note(row, here, count.own, ended)
    return list(figures.values())


def _ended(row: Any, here: _Formation, received: datetime | None) -> Ended:
    verdict = row["verdict"]
    return Ended(
        id=row["id"],
        kind=DeploymentKind(row["kind"]),
        revision=row["revision_id"],
        from_revision=row["from_revision_id"],
        older=here.place is not None and row["place"] < here.place,
        asked=row["created"],
        started=row["started"],
        received=received if row["commit"] else None,
        arrived=row["commit"] in here.arrived,
        at=row["ended"],
        verdict=VerdictKind(verdict["kind"]),
        untouched=verdict.get("untouched", False),
        called_off=(verdict.get("cause") or {}).get("reason") == "called_off",
    )


def _note(row: Any, here: _Formation, own: Counted, ended: Ended) -> None:
    if own.failed and own.restored is None:
        here.open[own.id] = ended.started
    if own.deployed and row["commit"]:
        here.arrived.add(row["commit"])
    if own.deployed:
        here.good.append(own.id)
    if ended.verdict is VerdictKind.DEPLOYED:
        here.place = row["place"]


def _values(row: Any, own: Counted) -> dict[str, Any]:
    known = {name: row[name] for name in ("app", "formation", "environment", "commit")}
    counts = {name: getattr(own, name) for name in ("deployed", "failed", "lead_time", "restored")}
    return {"deployment_id": own.id, "at": int(row["ended"].timestamp()), **known, **counts}
