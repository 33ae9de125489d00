"""Events that remember what their sender signed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("events", sa.Column("message", sa.Text, nullable=True))
    op.create_index("ix_events_message", "events", ["app", "message"])
