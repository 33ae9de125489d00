"""Positions of runs, releases, deployments and holds in the line of commits, so far given by the number at receipt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    for table in ("runs", "releases", "deployments", "holds"):
        op.add_column(table, sa.Column("place", sa.Float(), nullable=False, server_default="0"))
    op.add_column("deployments", sa.Column("asked", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("deployments", sa.Column("by_hand", sa.Boolean(), nullable=False, server_default=sa.false()))
    _fill()


def _fill() -> None:
    for name, number in (("runs", "sequence"), ("releases", "sequence"), ("holds", "up_to")):
        table = sa.table(name, sa.column("place", sa.Float), sa.column(number, sa.BigInteger))
        op.execute(sa.update(table).values(place=table.c[number]))
    deployments = sa.table(
        "deployments",
        *(sa.column(column, sa.BigInteger) for column in ("sequence", "asked")),
        *(sa.column(column, sa.Text) for column in ("release_id", "kind", "requested_by")),
        sa.column("place", sa.Float),
        sa.column("by_hand", sa.Boolean),
    )
    releases = sa.table("releases", sa.column("id", sa.Text), sa.column("sequence", sa.BigInteger))
    made = sa.select(releases.c.sequence).where(releases.c.id == deployments.c.release_id).scalar_subquery()
    place = sa.func.coalesce(made, deployments.c.sequence)
    asked = (deployments.c.kind != "delivery") & deployments.c.requested_by.is_not(None)
    op.execute(sa.update(deployments).values(place=place, asked=deployments.c.sequence, by_hand=asked))
