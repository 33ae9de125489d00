"""What others deploy, and its health."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.create_table(
        "observed",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("environment", "app", "formation")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("owner", "destination", "namespace", "version")),
        sa.Column("worker", sa.Text, nullable=True),
        sa.Column("health", Json, nullable=True),
    )
