"""Tokens that expire, sessions that end with their token, and hook secrets that stay valid for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Moment

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("tokens", sa.Column("expires", Moment, nullable=True))
    op.add_column("sessions", sa.Column("token_id", sa.Text, nullable=True))
    op.add_column("apps", sa.Column("hook_old_until", Moment, nullable=True))
