"""The audit and the timelines of deployments are events of the outbox, with the names that events have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic import op

from sealane.store.columns import Json, Moment

revision = "0028"
down_revision = "0027"

_KINDS = {
    "push": "run.requested",
    "cancel run": "run.cancel_requested",
    "delivery": "deployment.requested",
    "manual": "deployment.requested",
    "rollback": "deployment.requested",
    "scale": "deployment.requested",
    "cancel": "deployment.cancel_requested",
    "approve": "approval.given",
    "reject": "approval.refused",
    "break glass": "glass.broken",
    "pass gate": "gate.passed",
    "fail gate": "gate.failed",
    "lift hold": "hold.lifted",
    "add app": "app.added",
    "remove app": "app.removed",
    "set owner": "app.owner_set",
    "rotate hook secret": "app.hook_rotated",
    "add user": "user.added",
    "set groups": "user.groups_set",
    "remove user": "user.removed",
    "make administrator": "administrator.made",
    "add token": "token.added",
    "revoke token": "token.revoked",
    "fail to sign in": "sign_in.failed",
    "leave": "worker.left",
    "take over": "worker.declared_dead",
}
_OF_FORMATIONS = ("deployment.", "approval.", "glass.", "gate.", "hold.")
_AT_ONCE = 1_000

_names = ("kind", "app", "formation", "run_id", "deployment_id", "actor", "subject", "key")
_outbox = sa.table(
    "outbox", *(sa.column(name, sa.Text) for name in _names), sa.column("at", Moment), sa.column("data", Json)
)
_audit = sa.table(
    "audit",
    *(sa.column(name, sa.Text) for name in ("actor", "action", "subject", "app")),
    sa.column("id", sa.Integer),
    sa.column("at", Moment),
    sa.column("detail", Json),
)
_timeline = sa.table(
    "timeline",
    *(sa.column(name, sa.Text) for name in ("deployment_id", "key", "phase", "text")),
    sa.column("id", sa.Integer),
    sa.column("at", Moment),
    sa.column("detail", Json),
)
_deployments = sa.table("deployments", *(sa.column(name, sa.Text) for name in ("id", "app", "formation", "run_id")))


def upgrade() -> None:
    op.add_column("outbox", sa.Column("subject", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("key", sa.Text(), nullable=True))
    op.execute(sa.delete(_outbox))  # its events of the last days are in both tables, too
    rows = iter(sorted([*_deeds(), *_lines()], key=lambda row: row["at"]))
    while some := list(islice(rows, _AT_ONCE)):
        op.get_bind().execute(sa.insert(_outbox), some)
    op.drop_table("audit")
    op.drop_table("timeline")
    line, deed = sa.text("key IS NOT NULL"), sa.text("actor IS NOT NULL")
    key = ["deployment_id", "key"]
    op.create_index("ux_outbox_timeline", "outbox", key, unique=True, sqlite_where=line, postgresql_where=line)
    for name in ("app", "actor", "kind"):
        by_somebody = [name, "id"]
        op.create_index(f"ix_outbox_audit_{name}", "outbox", by_somebody, sqlite_where=deed, postgresql_where=deed)


def _deeds() -> Iterator[dict[str, Any]]:
    for row in op.get_bind().execute(sa.select(_audit).order_by(_audit.c.id)).mappings():
        data: Mapping[str, Any] = row["detail"] or {}
        kind = _KINDS.get(row["action"], row["action"])
        _, _, formation = row["subject"].partition("/")
        of_formation = bool(row["app"]) and kind.startswith(_OF_FORMATIONS)
        of_run = kind == "run.cancel_requested"
        if kind == "deployment.requested":
            data = {**data, "kind": row["action"]}
        yield {
            "kind": kind,
            "at": row["at"],
            "app": row["app"],
            "formation": formation if of_formation else None,
            "run_id": row["subject"] if of_run else data.get("run"),
            "deployment_id": data.get("deployment"),
            "actor": row["actor"],
            "subject": None if of_formation or of_run or row["subject"] == row["app"] else row["subject"],
            "data": {name: value for name, value in data.items() if name not in {"run", "deployment"}},
            "key": None,
        }


def _lines() -> Iterator[dict[str, Any]]:
    of = _deployments.c
    told = sa.select(_timeline, of.app, of.formation, of.run_id).join(_deployments, of.id == _timeline.c.deployment_id)
    for row in op.get_bind().execute(told.order_by(_timeline.c.id)).mappings():
        detail = {"detail": row["detail"]} if row["detail"] else {}
        yield {
            "kind": "deployment.stage",
            **{name: row[name] for name in ("at", "app", "formation", "run_id", "deployment_id", "key")},
            "actor": None,
            "subject": None,
            "data": {"phase": row["phase"], "text": row["text"], **detail},
        }
