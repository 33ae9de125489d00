"""Writes events in the transaction whose change they report: of runs, deployments, and lines of timelines.

A transaction writes its events as its last act, under one lock that it holds until it commits. So ids become visible in
order: a reader that has seen one has seen all before it. And no transaction with the lock waits for another.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from sealane import log_lines
from sealane.outbox.model import DomainEvent, Kind
from sealane.records.deployments import Deployment
from sealane.records.runs import Run
from sealane.store import rows
from sealane.store.app_tables import releases
from sealane.store.database import after_commit, before_commit
from sealane.store.outbox_tables import outbox
from sealane.store.run_tables import runs

_IN_LINE = 0x5EA1B07
"""The number of the PostgreSQL lock that one transaction at a time holds."""
_LOGGED = frozenset(
    {
        Kind.RUN_REQUESTED,
        Kind.RUN_STARTED,
        Kind.RUN_ENDED,
        Kind.DEPLOYMENT_REQUESTED,
        Kind.DEPLOYMENT_STARTED,
        Kind.DEPLOYMENT_ENDED,
        Kind.DEPLOYMENT_ROLLED_BACK,
    }
)
"""Kinds that the server's log has a line for, too."""

_APP_OF_RUN = sa.select(runs.c.app).where(runs.c.id == sa.bindparam("run"))
_TAG = sa.select(releases.c.deploy_tag).where(releases.c.id == sa.bindparam("release"))
_LOCK = sa.select(sa.func.pg_advisory_xact_lock(_IN_LINE))
_INSERTS = {
    "postgresql": postgresql.insert(outbox).on_conflict_do_nothing(),
    "sqlite": sqlite.insert(outbox).on_conflict_do_nothing(),
}
"""By the database's dialect."""


def append(connection: sa.Connection, event: DomainEvent, *, key: str | None = None) -> None:
    """Writes events about this transaction's change; after the commit, the server's log gets the most important ones.

    With a key, an event is a line of its deployment's timeline; a second one with that key is not written.
    """
    before_commit(connection, _write, {**_row(event), "key": key})
    if event.kind in _LOGGED:
        after_commit(connection, functools.partial(_log, event))
    if event.actor:
        after_commit(connection, functools.partial(_log_deed, event))


def run_event(
    connection: sa.Connection,
    kind: Kind,
    run_id: str,
    at: datetime,
    data: Mapping[str, Any] | None = None,
    *,
    formation: str | None = None,
) -> None:
    """Writes an event about a run, given its id, in this transaction."""
    app = rows.scalar(connection, _APP_OF_RUN, run=run_id)
    append(connection, DomainEvent(kind=kind, at=at, app=app, formation=formation, run=run_id, data=data or {}))


def run_moved(connection: sa.Connection, kind: Kind, run: Run, at: datetime, *, actor: str | None = None) -> None:
    """Writes that a run was requested, started or ended, in this transaction."""
    event = run.event
    data = {
        "number": run.sequence,
        "cause": event.kind.value,
        "branch": event.branch,
        "commit": event.commit,
        "before": event.before,
        "ref": event.ref,
        "by": run.requested_by,
        "status": run.status.value if run.ended else None,
        "reason": run.reason,
        "waited": _seconds(run.created, run.started),
        "seconds": _seconds(run.started, run.ended),
    }
    append(connection, DomainEvent(kind=kind, at=at, app=run.app, run=run.id, actor=actor, data=_known(data)))


def deployment_event(
    connection: sa.Connection,
    kind: Kind,
    deployment: Deployment,
    at: datetime,
    data: Mapping[str, Any] | None = None,
    *,
    actor: str | None = None,
) -> None:
    """Writes an event about a deployment, in this transaction."""
    append(connection, _of_deployment(kind, deployment, at, data, actor))


def timeline_line(
    connection: sa.Connection, deployment: Deployment, key: str, at: datetime, data: Mapping[str, Any]
) -> None:
    """Writes a line of the deployment's timeline, in this transaction; a second one with the key is not written."""
    append(connection, _of_deployment(Kind.DEPLOYMENT_STAGE, deployment, at, data), key=key)


def deployment_moved(
    connection: sa.Connection, kind: Kind, deployment: Deployment, at: datetime, *, since: datetime | None = None
) -> None:
    """Writes that a deployment was requested, started (after checks that began then) or ended, in this transaction."""
    verdict = deployment.verdict
    data = {
        "number": deployment.sequence,
        "kind": deployment.kind.value,
        "environment": deployment.environment,
        "destination": deployment.destination,
        "namespace": deployment.namespace,
        "revision": deployment.revision_id,
        "release": deployment.release_id,
        "version": rows.scalar(connection, _TAG, release=deployment.release_id) if deployment.release_id else None,
        "by": deployment.requested_by,
        "verdict": verdict.kind.value if verdict else None,
        "reason": verdict.reason if verdict else None,
        "waited": _seconds(deployment.created, deployment.started),
        "checks": _seconds(since, deployment.started),
        "seconds": _seconds(deployment.started, deployment.ended),
    }
    actor = deployment.requested_by if kind is Kind.DEPLOYMENT_REQUESTED else None
    deployment_event(connection, kind, deployment, at, _known(data), actor=actor)


def _write(connection: sa.Connection, events: list[dict[str, Any]]) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)
    connection.execute(_INSERTS[connection.dialect.name], events)


def _of_deployment(
    kind: Kind, deployment: Deployment, at: datetime, data: Mapping[str, Any] | None, actor: str | None = None
) -> DomainEvent:
    return DomainEvent(
        kind=kind,
        at=at,
        app=deployment.app,
        formation=deployment.formation,
        run=deployment.run_id,
        deployment=deployment.id,
        actor=actor,
        data=data or {},
    )


def _row(event: DomainEvent) -> dict[str, Any]:
    row = rows.fields(event)
    row["run_id"], row["deployment_id"] = row.pop("run"), row.pop("deployment")
    del row["id"]
    return {**row, "kind": str(event.kind), "data": dict(event.data)}


def _known(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None}


def _seconds(started: datetime | None, ended: datetime | None) -> float | None:
    """The seconds between, never negative even if a clock was set back: sums of metrics only grow."""
    return max(0.0, round((ended - started).total_seconds(), 3)) if started and ended else None


def _log(event: DomainEvent) -> None:
    subjects = {"run": event.run, "deployment": event.deployment, "app": event.app, "formation": event.formation}
    log_lines.event(event.kind, **subjects | dict(event.data))


def _log_deed(event: DomainEvent) -> None:
    log_lines.event("audit", actor=event.actor, action=event.kind, subject=event.about)
