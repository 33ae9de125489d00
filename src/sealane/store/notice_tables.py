"""Tables of notices, and of the rules that commits add. A change needs a migration beside it in `migrations/versions`."""

from __future__ import annotations

import sqlalchemy as sa

from sealane.store import columns

notice_rules = sa.Table(
    "notice_rules",
    columns.metadata,
    columns.key_of("run_id", "runs.id"),
    columns.json("rules"),
)

notices = sa.Table(
    "notices",
    columns.metadata,
    columns.key(),
    columns.text("app"),
    columns.maybe("environment"),
    columns.text("target"),
    columns.text("thing"),
    columns.maybe("own", columns.Json),
    columns.json("notice"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("event", sa.BigInteger, nullable=False),
    sa.Column("told", sa.Integer, nullable=False, server_default="0"),
    sa.Column("told_event", sa.BigInteger, nullable=False, server_default="0"),
    columns.json("reference"),
    columns.text("state"),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    columns.maybe("since", columns.Moment),
    columns.moment("again"),
    columns.maybe("reason"),
    columns.moment("created"),
    columns.moment("updated"),
    columns.maybe("holder"),
    columns.maybe("until", columns.Moment),
)
"""The notice of a thing for a target; `app` may be one that others deploy, which is not registered."""
sa.Index("ix_notices_thing", notices.c.target, notices.c.thing, notices.c.created)
_UNSENT = notices.c.state == "unsent"
sa.Index("ix_notices_again", notices.c.again, sqlite_where=_UNSENT, postgresql_where=_UNSENT)
sa.Index("ix_notices_updated", notices.c.updated)
