"""How insights count each deployment: written by the transaction that ends it, following `insights.definitions`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sealane import typed_data
from sealane.insights import definitions
from sealane.insights.definitions import Counted, Ended, Failure
from sealane.records.deployments import Deployment
from sealane.store import rows
from sealane.store.app_tables import releases
from sealane.store.deployment_tables import deployments, formations
from sealane.store.figure_tables import deployment_figures as table
from sealane.store.run_tables import runs
from sealane.verdicts.model import FactKind, Verdict


def keep(connection: sa.Connection, deployment: Deployment) -> None:
    """Counts a deployment that has just ended, in this transaction. One that never began is not counted.

    The formation's row must still name the deployment that was verified before.
    """
    if deployment.started is None or deployment.verdict is None:
        return
    query = sa.select(releases.c.commit).where(releases.c.id == deployment.release_id)
    commit: str | None = connection.execute(query).scalar()
    own = _own(connection, deployment, deployment.verdict, deployment.started, commit)
    here = (table.c.app == deployment.app) & (table.c.formation == deployment.formation)
    counted = definitions.count(own, _open_failures(connection, here), _newest(connection, here))
    values: dict[str, Any] = rows.fields(counted.own)
    values |= {"deployment_id": values.pop("id"), "app": deployment.app, "formation": deployment.formation}
    values |= {"environment": deployment.environment, "commit": commit, "at": int(deployment.verdict.at.timestamp())}
    connection.execute(sa.insert(table).values(values))
    for failure in counted.failed:
        recounted = sa.update(table).where(table.c.deployment_id == failure.id)
        connection.execute(recounted.values(failed=True, restored=failure.restored))


def count_degraded(connection: sa.Connection, deployment_id: str) -> None:
    """Recounts a deployment that degraded after its verdict, in this transaction. Key: the deployment."""
    here = table.c.deployment_id == deployment_id
    names = ("deployed", "failed", "lead_time", "restored")
    row = rows.one(connection, sa.select(*(table.c[name] for name in names)).where(here))
    if row is not None:
        anew = definitions.degraded(Counted(id=deployment_id, **row))
        connection.execute(sa.update(table).where(here).values(failed=anew.failed, restored=anew.restored))


def _own(
    connection: sa.Connection, deployment: Deployment, verdict: Verdict, started: datetime, commit: str | None
) -> Ended:
    here = (table.c.app == deployment.app) & (table.c.formation == deployment.formation)
    came = sa.select(table.c.at).where(here, table.c.commit == commit, table.c.deployed).limit(1)
    heard = sa.select(sa.func.min(runs.c.created), sa.func.min(runs.c.started))
    received, begun = connection.execute(heard.where(runs.c.app == deployment.app, runs.c.commit == commit)).one()
    return Ended(
        id=deployment.id,
        kind=deployment.kind,
        revision=deployment.revision_id,
        from_revision=deployment.from_revision_id,
        older=deployment.place < _place(connection, deployment),
        asked=deployment.created,
        started=started,
        received=received if commit else None,
        begun=begun if commit else None,
        waits=deployment.waits,
        arrived=bool(commit) and connection.execute(came).first() is not None,
        at=verdict.at,
        verdict=verdict.kind,
        untouched=verdict.untouched,
        called_off=verdict.cause is not None and verdict.cause.reason is FactKind.CALLED_OFF,
    )


def _place(connection: sa.Connection, deployment: Deployment) -> float:
    """The position of the formation's verified commit."""
    verified = sa.select(formations.c.verified_id).where(
        formations.c.app == deployment.app, formations.c.formation == deployment.formation
    )
    query = sa.select(deployments.c.place).where(deployments.c.id == verified.scalar_subquery())
    place: float | None = connection.execute(query).scalar()
    return deployment.place if place is None else place


def _open_failures(connection: sa.Connection, here: sa.ColumnElement[bool]) -> tuple[Failure, ...]:
    query = sa.select(deployments.c.id, deployments.c.started, deployments.c.verdict, table.c.deployed).join(
        table, table.c.deployment_id == deployments.c.id
    )
    failures = rows.all_of(connection, query.where(here, table.c.failed, table.c.restored.is_(None)))
    return tuple(Failure(id=row["id"], since=_failed_since(row)) for row in failures)


def _failed_since(row: rows.Row) -> datetime:
    """When it began, or when it degraded after it had been deployed."""
    verdict = typed_data.convert(row["verdict"], Verdict)
    since: datetime = verdict.cause.since if row["deployed"] and verdict.cause else row["started"]
    return since


def _newest(connection: sa.Connection, here: sa.ColumnElement[bool]) -> str | None:
    """The newest change that has not failed."""
    query = sa.select(table.c.deployment_id).where(here, table.c.deployed, ~table.c.failed)
    newest: str | None = connection.execute(query.order_by(table.c.at.desc()).limit(1)).scalar()
    return newest
