"""The history of each app, as far as its runs have seen it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "commits",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("commit", sa.Text(), nullable=False),
        sa.Column("parents", Json, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["app"], ["apps.name"], name=op.f("fk_commits_app"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commits")),
        sqlite_autoincrement=True,
    )
    op.create_index("ux_commits_app_commit", "commits", ["app", "commit"], unique=True)
    op.create_index("ix_commits_app_id", "commits", ["app", "id"])
    op.create_index("ix_deployments_created", "deployments", ["created"])
