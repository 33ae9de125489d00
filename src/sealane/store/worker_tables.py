"""Tables of workers and what they watch. A change needs a migration beside it in `migrations/versions`."""

from __future__ import annotations

import sqlalchemy as sa

from sealane.store import columns

watches = sa.Table(
    "watches",
    columns.metadata,
    columns.key_of("app", "apps.name"),
    sa.Column("formation", sa.Text, primary_key=True),
    sa.Column("deployment_id", sa.Text),
    sa.Column("worker", sa.Text),
    columns.maybe("health", columns.Json),
    columns.maybe("drift", columns.Json),
)
"""Which worker watches a formation, and what it last saw of its deployment."""

observed = sa.Table(
    "observed",
    columns.metadata,
    *(sa.Column(name, sa.Text, primary_key=True) for name in ("environment", "app", "formation")),
    columns.text("owner"),
    columns.text("destination"),
    columns.text("namespace"),
    columns.text("version"),
    columns.maybe("worker"),
    columns.maybe("health", columns.Json),
)
"""What others deploy, which worker watches it, and what it last saw."""

workers = sa.Table(
    "workers",
    columns.metadata,
    columns.key(),
    columns.text("host"),
    sa.Column("beats", sa.BigInteger, nullable=False, server_default="0"),
    columns.moment("started"),
    columns.moment("beat"),
    columns.maybe("dead", columns.Moment),
)
