"""The failure reports of deployments: of what failed, and of a rollback that failed, too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sealane.store import deployments, ids, rows
from sealane.store.database import Database
from sealane.store.deployment_tables import deployments as table
from sealane.store.deployment_tables import failure_reports

_OF_DEPLOYMENT = (
    sa.select(failure_reports.c.data)
    .join(table, table.c.failure_report_id == failure_reports.c.id)
    .where(table.c.id == sa.bindparam("deployment"))
)
_SECOND = (
    sa.select(failure_reports.c.data)
    .join(table, table.c.id == failure_reports.c.deployment_id)
    .where(table.c.id == sa.bindparam("deployment"), table.c.failure_report_id != failure_reports.c.id)
)


class FailureReports:
    """The table of failure reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, deployment_id: str, data: Mapping[str, Any], *, at: datetime) -> str:
        """Keeps the failure report and returns its id. Key: the deployment; the first one stays."""

        def work(connection: sa.Connection) -> str:
            deployment = deployments.get(connection, deployment_id)
            if deployment.failure_report_id:
                return deployment.failure_report_id
            failure_report_id = ids.new("x")
            row = {"id": failure_report_id, "deployment_id": deployment_id, "data": dict(data), "created": at}
            connection.execute(sa.insert(failure_reports).values(row))
            named = sa.update(table).where(table.c.id == deployment_id).values(failure_report_id=failure_report_id)
            connection.execute(named)
            return failure_report_id

        return await self._database.write(work)

    async def keep_second(self, deployment_id: str, data: Mapping[str, Any], *, at: datetime) -> None:
        """Keeps the failure report of a rollback that failed, too. Key: the deployment; the first one stays."""

        def work(connection: sa.Connection) -> None:
            if second_of(connection, deployment_id) is None:
                row = {"id": ids.new("x"), "deployment_id": deployment_id, "data": dict(data), "created": at}
                connection.execute(sa.insert(failure_reports).values(row))

        await self._database.write(work)


def of(connection: sa.Connection, deployment_id: str) -> Mapping[str, Any] | None:
    """The deployment's failure report, in this transaction."""
    report: Mapping[str, Any] | None = rows.scalar(connection, _OF_DEPLOYMENT, deployment=deployment_id)
    return report


def second_of(connection: sa.Connection, deployment_id: str) -> Mapping[str, Any] | None:
    """The failure report of its failed rollback, in this transaction: the one that the deployment does not name."""
    report: Mapping[str, Any] | None = rows.scalar(connection, _SECOND, deployment=deployment_id)
    return report
