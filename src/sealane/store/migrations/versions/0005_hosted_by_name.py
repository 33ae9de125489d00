"""Repositories that Sealane serves are known by their folder's name: where the folders are is each machine's setting."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("UPDATE apps SET repository = name || '.git' WHERE hosted")
