"""The health of each formation since its last deployment, and which worker watches it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "watches",
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("formation", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("health", Json, nullable=True),
        sa.ForeignKeyConstraint(["app"], ["apps.name"], name=op.f("fk_watches_app"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("app", "formation", name=op.f("pk_watches")),
    )
