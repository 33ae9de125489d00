"""What is broken about an app's pushes, and what was fixed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Moment

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "troubles",
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("again", Moment(), nullable=False),
        sa.Column("mended", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["app"], ["apps.name"], name=op.f("fk_troubles_app"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("app", name=op.f("pk_troubles")),
    )
