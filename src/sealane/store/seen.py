"""What was last seen of each deployment: one row, in which a newer value replaces the older one."""

from __future__ import annotations

from typing import Generic, TypeVar

import sqlalchemy as sa

from sealane import typed_data
from sealane.deployments.model import Phase
from sealane.outbox.model import Kind
from sealane.records import instance_counts
from sealane.records.deployments import DeploymentState
from sealane.store import deployments, event_writes, rows, upsert
from sealane.store import instance_counts as counts
from sealane.store.database import Database
from sealane.store.deployment_tables import observations, steadiness
from sealane.verdicts.model import Observation
from sealane.verdicts.stability import Stability

T = TypeVar("T")

_LAST = {
    table: sa.select(table.c.seen).where(table.c.deployment_id == sa.bindparam("deployment"))
    for table in (observations, steadiness)
}


class Seen(Generic[T]):
    """One table of deployment ids and what was seen of each."""

    def __init__(self, database: Database, table: sa.Table, kind: type[T]) -> None:
        self._database = database
        self._table = table
        self._kind = kind

    async def of(self, deployment_id: str) -> T | None:
        """The last kept value; None before any."""
        return await self._database.read(lambda c: _of(c, self._table, self._kind, deployment_id))

    async def keep(self, deployment_id: str, seen: T) -> None:
        """Keeps the value. Key: the deployment."""
        await self._database.write(lambda c: self._keep(c, deployment_id, seen))

    def _keep(self, connection: sa.Connection, deployment_id: str, seen: T) -> None:
        upsert.put(connection, self._table, {"deployment_id": deployment_id}, {"seen": rows.plain(seen)})


class SteadinessSeen(Seen[Stability]):
    """What the stability check saw of a running deployment, so that a worker that takes over continues from it.

    It is deleted in the transaction that writes the verdict.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database, steadiness, Stability)

    async def of(self, deployment_id: str) -> Stability:
        """The last kept value; an empty one at first."""
        return await super().of(deployment_id) or Stability()


class Observations(Seen[Observation]):
    """Observations of deployments' objects, for people who follow them."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, observations, Observation)

    def _keep(self, connection: sa.Connection, deployment_id: str, seen: Observation) -> None:
        super()._keep(connection, deployment_id, seen)
        objects = [{"object": str(workload.object), "health": workload.health.value} for workload in seen.workloads]
        observed = deployments.get(connection, deployment_id)
        if observed.state is DeploymentState.ROLLING_OUT:
            count = instance_counts.seen(seen, back=observed.phase == Phase.REVERT)
            if count is not None:
                counts.note(connection, deployment_id, count)
        event_writes.deployment_event(connection, Kind.DEPLOYMENT_OBSERVED, observed, seen.at, {"objects": objects})


def observation(connection: sa.Connection, deployment_id: str) -> Observation | None:
    """The last observation of the deployment's objects, in this transaction; None before any."""
    return _of(connection, observations, Observation, deployment_id)


def _of(connection: sa.Connection, table: sa.Table, kind: type[T], deployment_id: str) -> T | None:
    seen = rows.scalar(connection, _LAST[table], deployment=deployment_id)
    return typed_data.convert(seen, kind) if seen is not None else None
