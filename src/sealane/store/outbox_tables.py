"""Tables of events, and of subscribers' cursors. A change needs a migration beside it in `migrations/versions`."""

from __future__ import annotations

import sqlalchemy as sa

from sealane.store import columns

outbox = sa.Table(
    "outbox",
    columns.metadata,
    columns.number(),
    columns.text("kind"),
    columns.moment("at"),
    *(columns.maybe(name) for name in ("app", "formation", "run_id", "deployment_id", "actor", "subject")),
    columns.json("data"),
    columns.maybe("key"),
    sqlite_autoincrement=True,
)
_LINE, _DEED = outbox.c.key.is_not(None), outbox.c.actor.is_not(None)
_key = (outbox.c.deployment_id, outbox.c.key)
sa.Index("ux_outbox_timeline", *_key, unique=True, sqlite_where=_LINE, postgresql_where=_LINE)
for _column in (outbox.c.app, outbox.c.actor, outbox.c.kind):
    _name = f"ix_outbox_audit_{_column.name}"
    sa.Index(_name, _column, outbox.c.id, sqlite_where=_DEED, postgresql_where=_DEED)

outbox_cursors = sa.Table(
    "outbox_cursors",
    columns.metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    columns.maybe("holder"),
    columns.maybe("until", columns.Moment),
)
