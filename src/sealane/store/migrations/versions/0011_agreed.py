"""Earlier approvals of the same content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("deployments", sa.Column("agreed", Json, nullable=True))
