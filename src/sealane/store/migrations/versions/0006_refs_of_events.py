"""Events by their reference: a copy is recognised by the newest event there, not by all earlier ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("events", sa.Column("ref", sa.Text(), nullable=True))
    op.drop_index("ux_events_sameness", table_name="events")
    op.drop_index("ux_events_delivery", table_name="events")
    op.create_index("ux_events_delivery", "events", ["app", "source", "delivery"], unique=True)
    op.create_index("ix_events_ref", "events", ["app", "ref", "sequence"])
    op.create_index("ix_runs_deploy_tag", "runs", ["app", "deploy_tag"])
    _fill()


def _fill() -> None:
    events = sa.table("events", sa.column("id"), sa.column("run_id"), sa.column("ref"), sa.column("sameness"))
    runs = sa.table("runs", sa.column("id"), sa.column("event", Json))
    connection = op.get_bind()
    pushed = sa.select(events.c.id, runs.c.event).join(runs, runs.c.id == events.c.run_id)
    rows = connection.execute(pushed.where(events.c.sameness.is_not(None))).all()
    filled = [{"event_id": row.id, "to": row.event.get("ref")} for row in rows if row.event.get("ref")]
    if filled:
        at = events.c.id == sa.bindparam("event_id")
        connection.execute(sa.update(events).where(at).values(ref=sa.bindparam("to")), filled)
