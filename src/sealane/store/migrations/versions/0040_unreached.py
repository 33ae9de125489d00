"""Since when the destination of a deployment has not answered, while it waits for that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Moment

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.add_column("deployments", sa.Column("unreached_since", Moment, nullable=True))
