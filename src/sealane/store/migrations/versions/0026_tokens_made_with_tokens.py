"""Tokens that remember the token they were made with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("tokens", sa.Column("made_with", sa.Text, nullable=True))
