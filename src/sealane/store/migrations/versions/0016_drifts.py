"""The last seen drift of each formation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json, Moment

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "drifts",
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("formation", sa.Text(), nullable=False),
        sa.Column("seen", Json, nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["app"], ["apps.name"], name=op.f("fk_drifts_app"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("app", "formation", name=op.f("pk_drifts")),
    )
