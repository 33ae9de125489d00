"""Indexes for each filter of the lists of runs and deployments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

_LISTED = ["created", "id", "run_id"]
_MOST = 200
"""Characters of a text in an index: PostgreSQL refuses index rows that are too long."""


def upgrade() -> None:
    runs = sa.table("runs", sa.column("author", sa.Text), sa.column("message", sa.Text))
    for column in (runs.c.author, runs.c.message):
        cut = sa.update(runs).where(sa.func.length(column) > _MOST)
        op.execute(cut.values({column.name: sa.func.substr(column, 1, _MOST)}))
    op.drop_index("ix_runs_created", "runs")
    op.create_index("ix_runs_listed", "runs", ["created", "id", "app", "author", "message"])
    op.create_index("ix_runs_app", "runs", ["app", "created", "id", "author", "message"])
    op.create_index("ix_runs_branch", "runs", ["branch", "created", "id"])
    op.create_index("ix_runs_status", "runs", ["status", "created", "id"])
    op.create_index("ix_runs_commit", "runs", ["commit"])
    op.drop_index("ix_deployments_created", "deployments")
    op.drop_index("ix_deployments_state", "deployments")
    op.create_index("ix_deployments_listed", "deployments", [*_LISTED, "app", "release_id"])
    op.create_index("ix_deployments_app", "deployments", ["app", *_LISTED])
    op.create_index("ix_deployments_to", "deployments", ["formation", *_LISTED])
    op.create_index("ix_deployments_environment", "deployments", ["environment", *_LISTED])
    op.create_index("ix_deployments_state", "deployments", ["state", *_LISTED, "verdict_kind"])
    op.create_index("ix_deployments_verdict", "deployments", ["verdict_kind", *_LISTED])
