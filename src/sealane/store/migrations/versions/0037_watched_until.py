"""Until when a deployment is rolled back automatically if it degrades."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Moment

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.add_column("deployments", sa.Column("watched_until", Moment, nullable=True))
