"""Which server process a relay is connected to, and since when it is away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Moment

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "relay_lines",
        sa.Column("relay", sa.Text, primary_key=True),
        sa.Column("process", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("begun", Moment, nullable=False),
        sa.Column("seen", Moment, nullable=False),
        sa.Column("ended", Moment, nullable=True),
    )
