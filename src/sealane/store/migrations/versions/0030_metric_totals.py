"""Totals of events, for `/metrics`: they outlive the events that they were counted from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "metric_totals",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("labels", sa.Text, primary_key=True),
        sa.Column("app", sa.Text, nullable=True),
        sa.Column("count", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("sum", sa.Float, nullable=False, server_default="0"),
        sa.Column("buckets", Json, nullable=True),
        sa.Column("exemplar", Json, nullable=True),
        sa.Column("event", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_metric_totals_app", "metric_totals", ["app"])
