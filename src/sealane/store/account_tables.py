"""Tables of people: who may sign in and by what, and who did what. As for `tables`, a change needs a migration."""

from __future__ import annotations

import sqlalchemy as sa

from sealane.store import columns

users = sa.Table(
    "users",
    columns.metadata,
    sa.Column("name", sa.Text, primary_key=True),
    columns.json("groups"),
    columns.moment("created"),
    columns.maybe("removed", columns.Moment),
)

tokens = sa.Table(
    "tokens",
    columns.metadata,
    columns.key(),
    columns.text("kind"),
    columns.maybe("user"),
    columns.maybe("app"),
    columns.text("name"),
    columns.text("hash"),
    columns.moment("created"),
    *(columns.maybe(name, columns.Moment) for name in ("used", "revoked", "expires")),
    columns.maybe("made_with"),
)
sa.Index("ix_tokens_user", tokens.c.user)

sessions = sa.Table(
    "sessions",
    columns.metadata,
    columns.key(),
    columns.text("user"),
    columns.text("csrf"),
    columns.moment("created"),
    columns.moment("expires"),
    columns.maybe("token_id"),
)

audit = sa.Table(
    "audit",
    columns.metadata,
    columns.number(),
    columns.moment("at"),
    columns.text("actor"),
    columns.text("action"),
    columns.text("subject"),
    columns.maybe("detail", columns.Json),
    columns.maybe("app"),
    sqlite_autoincrement=True,
)
sa.Index("ix_audit_app", audit.c.app, audit.c.id)
sa.Index("ix_audit_actor", audit.c.actor, audit.c.id)
sa.Index("ix_audit_action", audit.c.action, audit.c.id)
