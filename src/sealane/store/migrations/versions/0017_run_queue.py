"""Slots of runs, and runs left out because a push had too many branches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("runs", sa.Column("admitted", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("runs", sa.Column("left_out", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute("UPDATE runs SET admitted = queued")
    op.create_index("ix_runs_ended", "runs", ["ended"])
