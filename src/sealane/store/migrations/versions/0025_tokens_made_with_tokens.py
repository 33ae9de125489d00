"""Tokens that remember the token they were made with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("tokens", sa.Column("made_with", sa.Text, nullable=True))
