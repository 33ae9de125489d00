"""Whether the revision to roll back to could be redeployed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("deployments", sa.Column("way_back", sa.Text(), nullable=True))
