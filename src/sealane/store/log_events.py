"""What the server's log says of runs, deployments and sign-ins: a line for each, once the transaction has landed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sealane import log_lines
from sealane.records.model import Deployment, Run
from sealane.store.database import after_commit


def run(connection: sa.Connection, what: str, run: Run) -> None:
    """`requested`, `started` or `ended`."""
    event = run.event
    _say(
        connection,
        f"run.{what}",
        run=run.id,
        app=run.app,
        number=run.sequence,
        cause=event.kind.value,
        branch=event.branch,
        commit=event.commit,
        by=run.requested_by,
        status=run.status.value if run.ended else None,
        reason=run.reason,
        seconds=_seconds(run.started, run.ended),
    )


def deployment(connection: sa.Connection, what: str, deployment: Deployment) -> None:
    """`requested`, `started` or `ended`."""
    verdict = deployment.verdict
    _say(
        connection,
        f"deployment.{what}",
        deployment=deployment.id,
        app=deployment.app,
        formation=deployment.formation,
        number=deployment.sequence,
        kind=deployment.kind.value,
        environment=deployment.environment,
        destination=deployment.destination,
        namespace=deployment.namespace,
        revision=deployment.revision_id,
        run=deployment.run_id,
        by=deployment.requested_by,
        verdict=verdict.kind.value if verdict else None,
        reason=verdict.reason if verdict else None,
        seconds=_seconds(deployment.started, deployment.ended),
    )


def sign_in(connection: sa.Connection, *, user: str, via: str) -> None:
    """Somebody signed in."""
    _say(connection, "sign_in", user=user, via=via)


def _say(connection: sa.Connection, name: str, **fields: Any) -> None:
    after_commit(connection, lambda: log_lines.event(name, **fields))


def _seconds(started: datetime | None, ended: datetime | None) -> float | None:
    return round((ended - started).total_seconds(), 3) if started and ended else None
