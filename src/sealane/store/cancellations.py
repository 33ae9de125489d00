"""Cancelled deployments: one that has not begun ends at once, a running rollout is asked to stop."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from sealane.errors import Conflicting
from sealane.outbox.model import Kind
from sealane.records.deployments import Deployment, DeploymentState
from sealane.store import deployments, event_writes, formations
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments as table
from sealane.verdicts import outcomes

_NOT_BEGUN = {DeploymentState.WAITING, DeploymentState.QUEUED}


class Cancellations:
    """Who cancelled which deployment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def cancel(self, deployment_id: str, *, by: str, at: datetime) -> Deployment:
        """Ends a deployment that has not begun; asks a running rollout to stop, which then rolls back as after a failure.

        Raises NotThere, and Conflicting when it has ended or was cancelled before.
        """

        def work(connection: sa.Connection) -> Deployment:
            deployment = deployments.get(connection, deployment_id)
            formations.lock(connection, deployment.app, deployment.formation)  # beginning it takes this lock, too
            deployment = deployments.get(connection, deployment_id)
            _check(deployment)
            named = sa.update(table).where(table.c.id == deployment_id).values(cancelled_by=by)
            connection.execute(named)
            data = {"state": deployment.state.value}
            event_writes.deployment_event(connection, Kind.DEPLOYMENT_CANCEL_REQUESTED, deployment, at, data, actor=by)
            if deployment.state in _NOT_BEGUN:
                deployments.finish(connection, deployment_id, outcomes.cancelled(by=by, at=at))
            else:
                line = deployments.Line(key="cancel", phase=deployment.phase or "watch", text=f"{by} calls it off")
                deployments.add_line(connection, deployment_id, line, at)
            return deployments.get(connection, deployment_id)

        return await self._database.write(work)

    async def of(self, deployment_id: str) -> str | None:
        """Who cancelled the deployment, if anybody."""
        query = sa.select(table.c.cancelled_by).where(table.c.id == deployment_id)
        canceller: str | None = await self._database.read(lambda c: c.execute(query).scalar())
        return canceller


def _check(deployment: Deployment) -> None:
    if deployment.state is DeploymentState.ENDED and deployment.verdict:
        how = deployment.verdict.kind.value.replace("_", " ")
        hint = f"sealane rollback {deployment.label} rolls back from what is there"
        raise Conflicting(f"{deployment.id} to {deployment.label} has ended: {how}", hint=hint)
    if deployment.cancelled_by:
        raise Conflicting(f"{deployment.cancelled_by} called {deployment.id} off before; it stops")
    if deployment.phase == "revert":
        raise Conflicting(
            f"{deployment.id} failed and is being rolled back already", hint=f"sealane watch {deployment.id}"
        )
