"""Served repositories are stored by their folder's name, because each machine sets where the folders are."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("UPDATE apps SET repository = name || '.git' WHERE hosted")
