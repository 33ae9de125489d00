"""What the tests of steps reported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json, Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "step_reports",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("report", Json, nullable=False),
        sa.Column("read", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_step_reports_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "key", "attempt", name=op.f("pk_step_reports")),
    )
