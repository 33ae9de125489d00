"""People's answers to inconclusive gates, received alerts, and hooks that ran for a release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json, Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "gate_words",
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("asked", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("passes", sa.Boolean(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("said", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployments.id"], name=op.f("fk_gate_words_deployment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("deployment_id", "key", "gate", name=op.f("pk_gate_words")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("formation", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("labels", Json, nullable=False),
        sa.Column("sameness", sa.Text(), nullable=False),
        sa.Column("fired", Moment(), nullable=False),
        sa.Column("received", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["app"], ["apps.name"], name=op.f("fk_alerts_app"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sqlite_autoincrement=True,
    )
    op.create_index("ux_alerts_sameness", "alerts", ["app", "formation", "sameness"], unique=True)
    op.create_index("ix_alerts_fired", "alerts", ["app", "formation", "fired"])
    op.create_table(
        "hooks_run",
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("formation", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["app"], ["apps.name"], name=op.f("fk_hooks_run_app"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("app", "formation", "release", "hook", name=op.f("pk_hooks_run")),
    )
