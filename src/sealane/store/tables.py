"""Every table of the store. A change here needs a migration beside it in `migrations/versions`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware time in UTC; SQLite keeps it without a zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.Text, primary_key=True)


def _number() -> sa.Column[int]:
    """A number that only grows, also where SQLite would give a deleted row's again."""
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column("id", kind, primary_key=True, autoincrement=True)


def _text(name: str, *, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def _maybe(name: str, kind: Any = sa.Text) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _place() -> sa.Column[float]:
    return sa.Column("place", sa.Float, nullable=False, server_default="0")


def _at(name: str) -> sa.Column[datetime]:
    return sa.Column(name, Moment, nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, Json, nullable=False)


def _app() -> sa.Column[str]:
    return sa.Column("app", sa.Text, sa.ForeignKey("apps.name", ondelete="CASCADE"), nullable=False)


apps = sa.Table(
    "apps",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    _text("repository"),
    _text("path", default=""),
    _text("owner"),
    _text("trunk"),
    _flag("hosted"),
    sa.Column("last_sequence", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("hook_generation", sa.Integer, nullable=False, server_default="1"),
    _at("created"),
    _maybe("hook_old_until", Moment),
)
sa.Index("ux_apps_repository_path", apps.c.repository, apps.c.path, unique=True)

events = sa.Table(
    "events",
    metadata,
    _id(),
    _app(),
    _text("kind"),
    _text("source"),
    _maybe("delivery"),
    _maybe("ref"),
    _maybe("sameness"),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    _maybe("run_id"),
    _at("received"),
)
sa.Index("ux_events_delivery", events.c.app, events.c.source, events.c.delivery, unique=True)
sa.Index("ix_events_ref", events.c.app, events.c.ref, events.c.sequence)

runs = sa.Table(
    "runs",
    metadata,
    _id(),
    _app(),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    _json("event"),
    _text("kind"),
    _maybe("commit"),
    _maybe("branch"),
    _maybe("author"),
    _text("message", default=""),
    _text("status"),
    _maybe("reason"),
    _maybe("deploy_tag"),
    _maybe("plan", Json),
    _maybe("findings", Json),
    _maybe("release_id"),
    _maybe("requested_by"),
    _maybe("cancelled_by"),
    _maybe("changed", sa.Integer),
    _maybe("authors", Json),
    _place(),
    _flag("queued"),
    _flag("admitted"),
    _flag("left_out"),
    _at("created"),
    _maybe("started", Moment),
    _maybe("ended", Moment),
)
sa.Index("ix_runs_ended", runs.c.ended)
sa.Index("ux_runs_app_sequence", runs.c.app, runs.c.sequence, unique=True)
sa.Index("ix_runs_created", runs.c.created)
sa.Index("ix_runs_deploy_tag", runs.c.app, runs.c.deploy_tag)

run_steps = sa.Table(
    "run_steps",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    _text("kind"),
    _text("name"),
    _json("needs"),
    _text("status"),
    _maybe("reason"),
    _maybe("exit_code", sa.Integer),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="1"),
    _maybe("result", Json),
    _maybe("started", Moment),
    _maybe("ended", Moment),
)

run_changes = sa.Table(
    "run_changes",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    _maybe("base"),
    _json("paths"),
)

commits = sa.Table(
    "commits",
    metadata,
    _number(),
    _app(),
    _text("commit"),
    _json("parents"),
    _text("subject"),
    _text("author"),
    sqlite_autoincrement=True,
)
sa.Index("ux_commits_app_commit", commits.c.app, commits.c.commit, unique=True)
sa.Index("ix_commits_app_id", commits.c.app, commits.c.id)

step_networks = sa.Table(
    "step_networks",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("network", sa.Text, primary_key=True),
)

step_reports = sa.Table(
    "step_reports",
    metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    _json("report"),
    _at("read"),
)

releases = sa.Table(
    "releases",
    metadata,
    _id(),
    _app(),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    _maybe("run_id"),
    _text("commit"),
    _text("deploy_tag"),
    _json("data"),
    _place(),
    _at("created"),
)
sa.Index("ix_releases_app_sequence", releases.c.app, releases.c.sequence)

revisions = sa.Table(
    "revisions",
    metadata,
    _id(),
    _app(),
    _text("formation"),
    _json("data"),
    _at("created"),
)

formations = sa.Table(
    "formations",
    metadata,
    sa.Column("app", sa.Text, sa.ForeignKey("apps.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("formation", sa.Text, primary_key=True),
    _text("environment"),
    _text("destination"),
    _text("namespace"),
    sa.Column("epoch", sa.BigInteger, nullable=False, server_default="0"),
    _maybe("holder"),
    sa.Column("last_sequence", sa.BigInteger, nullable=False, server_default="0"),
    _maybe("current_id"),
    _maybe("verified_id"),
    _json("inventory"),
    _maybe("behind", Json),
    _maybe("requests", Json),
    _maybe("startup", sa.Float),
)

deployments = sa.Table(
    "deployments",
    metadata,
    _id(),
    _app(),
    _text("formation"),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("asked", sa.BigInteger, nullable=False, server_default="0"),
    _place(),
    _text("kind"),
    _text("state"),
    _text("environment"),
    _text("destination"),
    _text("namespace"),
    _maybe("run_id"),
    _maybe("release_id"),
    sa.Column("revision_id", sa.Text, sa.ForeignKey("revisions.id"), nullable=False),
    _maybe("from_revision_id"),
    _maybe("requested_by"),
    _maybe("pusher", Json),
    _maybe("authors", Json),
    _flag("by_hand"),
    _flag("unasked"),
    _flag("confirmed"),
    _flag("adopt"),
    _maybe("glass", Json),
    _maybe("convoy_id"),
    _flag("keep"),
    _maybe("cancelled_by"),
    _json("rules"),
    _maybe("agreed", Json),
    _json("after"),
    _maybe("phase"),
    _maybe("waiting_for"),
    _maybe("verdict", Json),
    _maybe("verdict_kind"),
    _maybe("dossier_id"),
    _maybe("note"),
    _maybe("way_back"),
    _flag("queued"),
    _at("created"),
    _maybe("opened", Moment),
    _maybe("started", Moment),
    _maybe("ended", Moment),
)
sa.Index("ix_deployments_formation", deployments.c.app, deployments.c.formation, deployments.c.sequence)
sa.Index("ix_deployments_state", deployments.c.state)
sa.Index("ix_deployments_created", deployments.c.created)
sa.Index("ix_deployments_run_id", deployments.c.run_id)
sa.Index("ix_deployments_convoy_id", deployments.c.convoy_id)

convoys = sa.Table(
    "convoys",
    metadata,
    _id(),
    _app(),
    _text("run_id"),
    _json("formations"),
    _flag("parallel"),
    _at("created"),
    _maybe("settled", Moment),
    _maybe("outcome"),
)
sa.Index("ix_convoys_settled", convoys.c.settled)

timeline = sa.Table(
    "timeline",
    metadata,
    _number(),
    sa.Column("deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), nullable=False),
    _text("key"),
    _text("phase"),
    _text("text"),
    _maybe("detail", Json),
    _at("at"),
    sqlite_autoincrement=True,
)
sa.Index("ux_timeline_deployment_key", timeline.c.deployment_id, timeline.c.key, unique=True)

dossiers = sa.Table(
    "dossiers",
    metadata,
    _id(),
    sa.Column("deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), nullable=False),
    _json("data"),
    _at("created"),
)

steadiness = sa.Table(
    "steadiness",
    metadata,
    sa.Column("deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), primary_key=True),
    _json("seen"),
)

observations = sa.Table(
    "observations",
    metadata,
    sa.Column("deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), primary_key=True),
    _json("seen"),
)

drifts = sa.Table(
    "drifts",
    metadata,
    sa.Column("app", sa.Text, sa.ForeignKey("apps.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("formation", sa.Text, primary_key=True),
    _maybe("seen", Json),
    _at("at"),
)

votes = sa.Table(
    "votes",
    metadata,
    _number(),
    sa.Column("deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), nullable=False),
    _text("revision_id"),
    _text("user"),
    _json("groups"),
    _flag("approves"),
    _text("comment", default=""),
    _at("at"),
    sqlite_autoincrement=True,
)
sa.Index("ux_votes_once", votes.c.deployment_id, votes.c.revision_id, votes.c.user, unique=True)

holds = sa.Table(
    "holds",
    metadata,
    _id(),
    _app(),
    _text("formation"),
    sa.Column("up_to", sa.BigInteger, nullable=False),
    _place(),
    _maybe("release_id"),
    sa.Column("deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), nullable=False),
    _text("reason"),
    _at("created"),
    _maybe("lifted", Moment),
    _maybe("lifted_by"),
    _maybe("lift_reason"),
)
sa.Index("ix_holds_app", holds.c.app, holds.c.lifted)

gate_words = sa.Table(
    "gate_words",
    metadata,
    sa.Column("deployment_id", sa.Text, sa.ForeignKey("deployments.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("gate", sa.Text, primary_key=True),
    _text("says"),
    _at("asked"),
    _at("until"),
    _maybe("passes", sa.Boolean),
    _maybe("by"),
    _text("reason", default=""),
    _maybe("said", Moment),
)

alerts = sa.Table(
    "alerts",
    metadata,
    _number(),
    _app(),
    _text("formation"),
    _text("name"),
    _json("labels"),
    _text("sameness"),
    _at("fired"),
    _at("received"),
    sqlite_autoincrement=True,
)
sa.Index("ux_alerts_sameness", alerts.c.app, alerts.c.formation, alerts.c.sameness, unique=True)
sa.Index("ix_alerts_fired", alerts.c.app, alerts.c.formation, alerts.c.fired)

hooks_run = sa.Table(
    "hooks_run",
    metadata,
    sa.Column("app", sa.Text, sa.ForeignKey("apps.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("formation", sa.Text, primary_key=True),
    sa.Column("release", sa.Text, primary_key=True),
    sa.Column("hook", sa.Text, primary_key=True),
    _text("deployment_id"),
    _at("at"),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    _json("groups"),
    _at("created"),
    _maybe("removed", Moment),
)

tokens = sa.Table(
    "tokens",
    metadata,
    _id(),
    _text("kind"),
    _maybe("user"),
    _maybe("app"),
    _text("name"),
    _text("hash"),
    _at("created"),
    *(_maybe(name, Moment) for name in ("used", "revoked", "expires")),
)
sa.Index("ix_tokens_user", tokens.c.user)

sessions = sa.Table(
    "sessions",
    metadata,
    _id(),
    _text("user"),
    _text("csrf"),
    _at("created"),
    _at("expires"),
    _maybe("token_id"),
)

audit = sa.Table(
    "audit",
    metadata,
    _number(),
    _at("at"),
    _text("actor"),
    _text("action"),
    _text("subject"),
    _maybe("detail", Json),
    sqlite_autoincrement=True,
)

workers = sa.Table(
    "workers",
    metadata,
    _id(),
    _text("host"),
    sa.Column("beats", sa.BigInteger, nullable=False, server_default="0"),
    _at("started"),
    _at("beat"),
    _maybe("dead", Moment),
)

changes = sa.Table(
    "changes",
    metadata,
    _number(),
    _text("topic"),
    _at("at"),
    sqlite_autoincrement=True,
)
