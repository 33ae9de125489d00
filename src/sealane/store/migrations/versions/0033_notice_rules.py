"""The notice rules that commits add."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "notice_rules",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("rules", Json, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_notice_rules_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_notice_rules")),
    )
