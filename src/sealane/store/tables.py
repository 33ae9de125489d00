"""Tables of apps and what becomes of their commits. A change here needs a migration beside it in `migrations/versions`."""

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
    sa.Column("app", sa.Text, sa.ForeignKey("apps.name", ondelete="CASCADE"), primary_key=True),
    columns.text("reason"),
    columns.moment("since"),
    sa.Column("tries", sa.Integer, nullable=False),
    columns.moment("again"),
    columns.maybe("resolved", columns.Moment),
)

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
"""What lists are searched by stands in indexes: none of the wide rows is read that is not shown."""
sa.Index("ix_runs_listed", runs.c.created, runs.c.id, runs.c.app, *_searched)
sa.Index("ix_runs_app", runs.c.app, runs.c.created, runs.c.id, *_searched)
sa.Index("ix_runs_branch", runs.c.branch, runs.c.created, runs.c.id)
sa.Index("ix_runs_status", runs.c.status, runs.c.created, runs.c.id)
sa.Index("ix_runs_commit", runs.c.commit)
sa.Index("ix_runs_deploy_tag", runs.c.app, runs.c.deploy_tag)

run_steps = sa.Table(
    "run_steps",
    columns.metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
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
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    columns.maybe("base"),
    columns.json("paths"),
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

step_networks = sa.Table(
    "step_networks",
    columns.metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("network", sa.Text, primary_key=True),
)

step_reports = sa.Table(
    "step_reports",
    columns.metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    columns.json("report"),
    columns.moment("read"),
)

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

formations = sa.Table(
    "formations",
    columns.metadata,
    sa.Column("app", sa.Text, sa.ForeignKey("apps.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("formation", sa.Text, primary_key=True),
    columns.text("environment"),
    columns.text("destination"),
    columns.text("namespace"),
    sa.Column("epoch", sa.BigInteger, nullable=False, server_default="0"),
    columns.maybe("holder"),
    sa.Column("last_sequence", sa.BigInteger, nullable=False, server_default="0"),
    columns.maybe("current_id"),
    columns.maybe("verified_id"),
    columns.json("inventory"),
    columns.maybe("behind", columns.Json),
    columns.maybe("requests", columns.Json),
    columns.maybe("startup", sa.Float),
)

deployments = sa.Table(
    "deployments",
    columns.metadata,
    columns.key(),
    columns.of_app(),
    columns.text("formation"),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("asked", sa.BigInteger, nullable=False, server_default="0"),
    columns.place(),
    columns.text("kind"),
    columns.text("state"),
    columns.text("environment"),
    columns.text("destination"),
    columns.text("namespace"),
    columns.maybe("run_id"),
    columns.maybe("release_id"),
    sa.Column("revision_id", sa.Text, sa.ForeignKey("revisions.id"), nullable=False),
    columns.maybe("from_revision_id"),
    columns.maybe("requested_by"),
    columns.maybe("pusher", columns.Json),
    columns.maybe("authors", columns.Json),
    columns.flag("by_hand"),
    columns.flag("unasked"),
    columns.flag("confirmed"),
    columns.flag("adopt"),
    columns.maybe("glass", columns.Json),
    columns.maybe("release_group_id"),
    columns.flag("keep"),
    columns.maybe("cancelled_by"),
    columns.json("rules"),
    columns.maybe("agreed", columns.Json),
    columns.json("after"),
    columns.maybe("phase"),
    columns.maybe("waiting_for"),
    columns.maybe("unreached_since", columns.Moment),
    columns.maybe("verdict", columns.Json),
    columns.maybe("verdict_kind"),
    columns.maybe("failure_report_id"),
    columns.maybe("note"),
    columns.maybe("way_back"),
    columns.maybe("watched_until", columns.Moment),
    columns.flag("queued"),
    columns.moment("created"),
    columns.maybe("opened", columns.Moment),
    columns.maybe("started", columns.Moment),
    columns.maybe("ended", columns.Moment),
)
sa.Index("ix_deployments_formation", deployments.c.app, deployments.c.formation, deployments.c.sequence)
sa.Index("ix_deployments_run_id", deployments.c.run_id)
sa.Index("ix_deployments_release_group_id", deployments.c.release_group_id)
_listed = (deployments.c.created, deployments.c.id, deployments.c.run_id)
sa.Index("ix_deployments_listed", *_listed, deployments.c.app, deployments.c.release_id)
sa.Index("ix_deployments_app", deployments.c.app, *_listed)
sa.Index("ix_deployments_to", deployments.c.formation, *_listed)
sa.Index("ix_deployments_environment", deployments.c.environment, *_listed)
sa.Index("ix_deployments_state", deployments.c.state, *_listed, deployments.c.verdict_kind)
sa.Index("ix_deployments_verdict", deployments.c.verdict_kind, *_listed)
sa.Index("ix_deployments_ended", deployments.c.ended)

deployment_figures = sa.Table(
    "deployment_figures",
    columns.metadata,
    sa.Column(
        "deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), primary_key=True, nullable=False
    ),
    columns.text("app"),
    columns.text("formation"),
    columns.text("environment"),
    columns.maybe("commit"),
    sa.Column("at", sa.BigInteger, nullable=False),
    columns.flag("deployed"),
    columns.flag("failed"),
    columns.maybe("lead_time", sa.Float),
    columns.maybe("restored", sa.Float),
    *(columns.maybe(name, sa.Float) for name in ("queue", "steps", "approval", "window", "rollout")),
)
"""What insights count each deployment as that began and ended; `at` is its end in seconds since 1970, UTC."""
sa.Index("ix_deployment_figures_formation", *(deployment_figures.c[name] for name in ("app", "formation", "at")))
_figures = ("environment", "at", "app", "deployed", "failed", "lead_time", "restored")
sa.Index("ix_deployment_figures_counted", *(deployment_figures.c[name] for name in _figures))

release_groups = sa.Table(
    "release_groups",
    columns.metadata,
    columns.key(),
    columns.of_app(),
    columns.text("run_id"),
    columns.json("formations"),
    columns.flag("parallel"),
    columns.moment("created"),
    columns.maybe("settled", columns.Moment),
    columns.maybe("outcome"),
)
sa.Index("ix_release_groups_settled", release_groups.c.settled)

failure_reports = sa.Table(
    "failure_reports",
    columns.metadata,
    columns.key(),
    sa.Column("deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), nullable=False),
    columns.json("data"),
    columns.moment("created"),
)

steadiness = sa.Table(
    "steadiness",
    columns.metadata,
    sa.Column("deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), primary_key=True),
    columns.json("seen"),
)

observations = sa.Table(
    "observations",
    columns.metadata,
    sa.Column("deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), primary_key=True),
    columns.json("seen"),
)

watches = sa.Table(
    "watches",
    columns.metadata,
    sa.Column("app", sa.Text, sa.ForeignKey("apps.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("formation", sa.Text, primary_key=True),
    sa.Column("deployment_id", sa.Text),
    sa.Column("worker", sa.Text),
    columns.maybe("health", columns.Json),
    columns.maybe("drift", columns.Json),
)
"""Which worker watches a formation, and what it saw last of the deployment that is there."""

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
"""What others deploy, which worker watches it, and what it saw last."""

votes = sa.Table(
    "votes",
    columns.metadata,
    columns.number(),
    sa.Column("deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), nullable=False),
    columns.text("revision_id"),
    columns.text("user"),
    columns.json("groups"),
    columns.flag("approves"),
    columns.text("comment", default=""),
    columns.moment("at"),
    sqlite_autoincrement=True,
)
sa.Index("ux_votes_once", votes.c.deployment_id, votes.c.revision_id, votes.c.user, unique=True)

holds = sa.Table(
    "holds",
    columns.metadata,
    columns.key(),
    columns.of_app(),
    columns.text("formation"),
    sa.Column("up_to", sa.BigInteger, nullable=False),
    columns.place(),
    columns.maybe("release_id"),
    sa.Column("deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), nullable=False),
    columns.text("reason"),
    columns.moment("created"),
    columns.maybe("lifted", columns.Moment),
    columns.maybe("lifted_by"),
    columns.maybe("lift_reason"),
)
sa.Index("ix_holds_app", holds.c.app, holds.c.lifted)

gate_words = sa.Table(
    "gate_words",
    columns.metadata,
    sa.Column("deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("gate", sa.Text, primary_key=True),
    columns.text("message"),
    columns.moment("asked"),
    columns.moment("until"),
    columns.maybe("passes", sa.Boolean),
    columns.maybe("by"),
    columns.text("reason", default=""),
    columns.maybe("said", columns.Moment),
)

alerts = sa.Table(
    "alerts",
    columns.metadata,
    columns.number(),
    columns.of_app(),
    columns.text("formation"),
    columns.text("name"),
    columns.json("labels"),
    columns.text("sameness"),
    columns.moment("fired"),
    columns.moment("received"),
    sqlite_autoincrement=True,
)
sa.Index("ux_alerts_sameness", alerts.c.app, alerts.c.formation, alerts.c.sameness, unique=True)
sa.Index("ix_alerts_fired", alerts.c.app, alerts.c.formation, alerts.c.fired)

hooks_run = sa.Table(
    "hooks_run",
    columns.metadata,
    sa.Column("app", sa.Text, sa.ForeignKey("apps.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("formation", sa.Text, primary_key=True),
    sa.Column("release", sa.Text, primary_key=True),
    sa.Column("hook", sa.Text, primary_key=True),
    columns.text("deployment_id"),
    columns.moment("at"),
)

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

metric_totals = sa.Table(
    "metric_totals",
    columns.metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("labels", sa.Text, primary_key=True),
    columns.maybe("app"),
    sa.Column("count", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("sum", sa.Float, nullable=False, server_default="0"),
    columns.maybe("buckets", columns.Json),
    columns.maybe("exemplar", columns.Json),
    sa.Column("event", sa.BigInteger, nullable=False),
)
sa.Index("ix_metric_totals_app", metric_totals.c.app)
