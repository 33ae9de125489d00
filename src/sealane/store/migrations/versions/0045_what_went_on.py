"""Details of runs and rollouts: services, instances over time, and requests of gates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json, Moment

revision = "0045"
down_revision = "0044"


def _of(table: str) -> sa.Column[str]:
    """The row's owner; the row is deleted with it."""
    name = f"{table}_id"
    return sa.Column(name, sa.Text, sa.ForeignKey(f"{table}s.id", ondelete="CASCADE"), primary_key=True)


def upgrade() -> None:
    op.create_table(
        "run_services",
        _of("run"),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("started", Moment, nullable=False),
        sa.Column("ended", Moment, nullable=True),
        sa.Column("reason", sa.Text, nullable=True),
    )
    op.create_table(
        "instance_counts",
        _of("deployment"),
        sa.Column("since", Moment, nullable=False),
        sa.Column("counts", Json, nullable=False),
    )
    op.create_table(
        "gate_requests",
        _of("deployment"),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("gate", sa.Text, primary_key=True),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("since", Moment, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("good", sa.Integer, nullable=False),
        sa.Column("requests", Json, nullable=False),
    )
