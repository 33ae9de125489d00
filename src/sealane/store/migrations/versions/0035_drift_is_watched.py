"""The watch of a formation sees its drift, and drift has its own kinds of events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.add_column("watches", sa.Column("drift", Json, nullable=True))
    op.drop_table("drifts")
    op.execute("UPDATE outbox SET kind = 'drift.found' WHERE kind = 'formation.drift'")
