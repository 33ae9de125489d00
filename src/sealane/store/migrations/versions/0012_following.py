"""Who cancelled a deployment, and the last observation of its objects."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("deployments", sa.Column("cancelled_by", sa.Text(), nullable=True))
    op.create_table(
        "observations",
        sa.Column("deployment_id", sa.Text(), sa.ForeignKey("deployments.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("seen", Json, nullable=False),
    )
