"""What formations have at destinations that they left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("formations", sa.Column("behind", Json, nullable=True))
