"""The outbox of events replaces the table of changed topics."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json, Moment

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.drop_table("changes")
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("app", "formation", "run_id", "deployment_id", "actor")),
        sa.Column("data", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "outbox_cursors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("until", Moment()),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_outbox_cursors")),
    )
