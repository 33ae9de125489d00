"""What the guard saw of running deployments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "steadiness",
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("seen", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.id"], name=op.f("fk_steadiness_deployment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("deployment_id", name=op.f("pk_steadiness")),
    )
