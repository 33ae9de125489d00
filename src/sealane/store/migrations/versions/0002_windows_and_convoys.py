"""Break-glass, adopting, and convoys: several formations that move together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json, Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("deployments", sa.Column("adopt", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("deployments", sa.Column("glass", Json, nullable=True))
    op.add_column("deployments", sa.Column("convoy_id", sa.Text(), nullable=True))
    op.add_column("deployments", sa.Column("keep", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_deployments_convoy_id", "deployments", ["convoy_id"])
    op.create_table(
        "convoys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("formations", Json, nullable=False),
        sa.Column("parallel", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("settled", Moment(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["app"], ["apps.name"], name=op.f("fk_convoys_app"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_convoys")),
    )
    op.create_index("ix_convoys_settled", "convoys", ["settled"])
