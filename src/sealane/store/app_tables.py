"""Tables of apps, their commits and what was made of these. A change needs a migration beside it in `migrations/versions`."""

from __future__ import annotations

import sqlalchemy as sa

from sealane.store import columns

apps = sa.Table(
    "apps",
    columns.metadata,
    sa.Column("name", sa.Text, primary_key=True),
    columns.text("repository"),
    columns.text("path", default=""),
    columns.text("owner"),
    columns.text("trunk"),
    columns.flag("hosted"),
    sa.Column("last_sequence", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("hook_generation", sa.Integer, nullable=False, server_default="1"),
    columns.moment("created"),
    columns.maybe("hook_old_until", columns.Moment),
)
sa.Index("ux_apps_repository_path", apps.c.repository, apps.c.path, unique=True)

troubles = sa.Table(
    "troubles",
    columns.metadata,
    columns.key_of("app", "apps.name"),
    columns.text("reason"),
    columns.moment("since"),
    sa.Column("tries", sa.Integer, nullable=False),
    columns.moment("again"),
    columns.maybe("resolved", columns.Moment),
)

commits = sa.Table(
    "commits",
    columns.metadata,
    columns.number(),
    columns.of_app(),
    columns.text("commit"),
    columns.json("parents"),
    columns.text("subject"),
    columns.text("author"),
    sqlite_autoincrement=True,
)
sa.Index("ux_commits_app_commit", commits.c.app, commits.c.commit, unique=True)
sa.Index("ix_commits_app_id", commits.c.app, commits.c.id)

releases = sa.Table(
    "releases",
    columns.metadata,
    columns.key(),
    columns.of_app(),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    columns.maybe("run_id"),
    columns.text("commit"),
    columns.text("deploy_tag"),
    columns.json("data"),
    columns.place(),
    columns.moment("created"),
)
sa.Index("ix_releases_app_sequence", releases.c.app, releases.c.sequence)

revisions = sa.Table(
    "revisions",
    columns.metadata,
    columns.key(),
    columns.of_app(),
    columns.text("formation"),
    columns.json("data"),
    columns.moment("created"),
)
