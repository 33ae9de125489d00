"""Tables of people: users, tokens and sessions. A change needs a migration beside it in `migrations/versions`."""

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

relay_lines = sa.Table(
    "relay_lines",
    columns.metadata,
    sa.Column("relay", sa.Text, primary_key=True),
    sa.Column("process", sa.Text, primary_key=True),
    columns.text("version"),
    columns.moment("begun"),
    columns.moment("seen"),
    columns.maybe("ended", columns.Moment),
)

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
