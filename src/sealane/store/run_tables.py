"""Tables of events and the runs that they started. A change needs a migration beside it in `migrations/versions`."""

from __future__ import annotations

import sqlalchemy as sa

from sealane.store import columns

events = sa.Table(
    "events",
    columns.metadata,
    columns.key(),
    columns.of_app(),
    columns.text("kind"),
    columns.text("source"),
    columns.maybe("delivery"),
    columns.maybe("ref"),
    columns.maybe("sameness"),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    columns.maybe("run_id"),
    columns.moment("received"),
    columns.maybe("message"),
)
sa.Index("ix_events_message", events.c.app, events.c.message)
sa.Index("ux_events_delivery", events.c.app, events.c.source, events.c.delivery, unique=True)
sa.Index("ix_events_ref", events.c.app, events.c.ref, events.c.sequence)

runs = sa.Table(
    "runs",
    columns.metadata,
    columns.key(),
    columns.of_app(),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    columns.json("event"),
    columns.text("kind"),
    columns.maybe("commit"),
    columns.maybe("branch"),
    columns.maybe("author"),
    columns.text("message", default=""),
    columns.text("status"),
    columns.maybe("reason"),
    columns.maybe("deploy_tag"),
    columns.maybe("plan", columns.Json),
    columns.maybe("findings", columns.Json),
    columns.maybe("release_id"),
    columns.maybe("requested_by"),
    columns.maybe("cancelled_by"),
    columns.maybe("changed", sa.Integer),
    columns.maybe("authors", columns.Json),
    columns.place(),
    columns.flag("queued"),
    columns.flag("admitted"),
    columns.flag("left_out"),
    columns.moment("created"),
    columns.maybe("started", columns.Moment),
    columns.maybe("ended", columns.Moment),
)
sa.Index("ix_runs_ended", runs.c.ended)
sa.Index("ux_runs_app_sequence", runs.c.app, runs.c.sequence, unique=True)
_searched = (runs.c.author, runs.c.message)
"""Searched columns are in indexes, so that wide rows are read only when they are shown."""
sa.Index("ix_runs_listed", runs.c.created, runs.c.id, runs.c.app, *_searched)
sa.Index("ix_runs_app", runs.c.app, runs.c.created, runs.c.id, *_searched)
sa.Index("ix_runs_branch", runs.c.branch, runs.c.created, runs.c.id)
sa.Index("ix_runs_status", runs.c.status, runs.c.created, runs.c.id)
sa.Index("ix_runs_commit", runs.c.commit)
sa.Index("ix_runs_deploy_tag", runs.c.app, runs.c.deploy_tag)

run_steps = sa.Table(
    "run_steps",
    columns.metadata,
    columns.key_of("run_id", "runs.id"),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    columns.text("kind"),
    columns.text("name"),
    columns.json("needs"),
    columns.text("status"),
    columns.maybe("reason"),
    columns.maybe("exit_code", sa.Integer),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="1"),
    columns.maybe("result", columns.Json),
    columns.maybe("started", columns.Moment),
    columns.maybe("ended", columns.Moment),
)

run_changes = sa.Table(
    "run_changes",
    columns.metadata,
    columns.key_of("run_id", "runs.id"),
    columns.maybe("base"),
    columns.json("paths"),
)

run_services = sa.Table(
    "run_services",
    columns.metadata,
    columns.key_of("run_id", "runs.id"),
    sa.Column("name", sa.Text, primary_key=True),
    columns.moment("started"),
    columns.maybe("ended", columns.Moment),
    columns.maybe("reason"),
)

step_networks = sa.Table(
    "step_networks",
    columns.metadata,
    columns.key_of("run_id", "runs.id"),
    sa.Column("network", sa.Text, primary_key=True),
)

step_reports = sa.Table(
    "step_reports",
    columns.metadata,
    columns.key_of("run_id", "runs.id"),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    columns.json("report"),
    columns.moment("read"),
)
