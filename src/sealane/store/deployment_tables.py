"""Tables of formations and their deployments. A change needs a migration beside it in `migrations/versions`."""

from __future__ import annotations

import sqlalchemy as sa

from sealane.store import columns

formations = sa.Table(
    "formations",
    columns.metadata,
    columns.key_of("app", "apps.name"),
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
    columns.maybe("waits", columns.Json),
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
    columns.key_of("deployment_id", "deployments.id"),
    columns.json("seen"),
)

observations = sa.Table(
    "observations",
    columns.metadata,
    columns.key_of("deployment_id", "deployments.id"),
    columns.json("seen"),
)

instance_counts = sa.Table(
    "instance_counts",
    columns.metadata,
    columns.key_of("deployment_id", "deployments.id"),
    columns.moment("since"),
    columns.json("counts"),
)

gate_requests = sa.Table(
    "gate_requests",
    columns.metadata,
    columns.key_of("deployment_id", "deployments.id"),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("gate", sa.Text, primary_key=True),
    columns.text("asked"),
    columns.moment("since"),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("good", sa.Integer, nullable=False),
    columns.json("requests"),
)

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
    columns.key_of("deployment_id", "deployments.id"),
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
    columns.key_of("app", "apps.name"),
    sa.Column("formation", sa.Text, primary_key=True),
    sa.Column("release", sa.Text, primary_key=True),
    sa.Column("hook", sa.Text, primary_key=True),
    columns.text("deployment_id"),
    columns.moment("at"),
)
