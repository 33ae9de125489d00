"""An index for lists of deployments that ended within a time."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.create_index("ix_deployments_ended", "deployments", ["ended"])
