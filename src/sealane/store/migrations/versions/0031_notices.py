"""Notices, and their subscriber, which begins with events from now on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json, Moment

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text()),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("own", Json),
        sa.Column("notice", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("told_event", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("reference", Json, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("since", Moment()),
        sa.Column("again", Moment(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("updated", Moment(), nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("until", Moment()),
        sa.ForeignKeyConstraint(["app"], ["apps.name"], name=op.f("fk_notices_app"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    unsent = sa.text("state = 'unsent'")
    op.create_index("ix_notices_thing", "notices", ["target", "thing", "created"])
    op.create_index("ix_notices_again", "notices", ["again"], sqlite_where=unsent, postgresql_where=unsent)
    op.create_index("ix_notices_updated", "notices", ["updated"])
    op.execute("INSERT INTO outbox_cursors (name, position) SELECT 'notices', COALESCE(MAX(id), 0) FROM outbox")
