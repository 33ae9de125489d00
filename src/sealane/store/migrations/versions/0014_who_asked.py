"""Pushers and authors: of runs in their events, of deployments beside their requester."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("runs", sa.Column("authors", Json, nullable=True))
    op.add_column("deployments", sa.Column("pusher", Json, nullable=True))
    op.add_column("deployments", sa.Column("authors", Json, nullable=True))
