"""Test reports of steps, by attempt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from sealane import typed_data
from sealane.errors import Conflicting
from sealane.outbox.model import DomainEvent, Kind
from sealane.records.runs import StepReport
from sealane.reports import model
from sealane.reports.model import CaseResult, Report
from sealane.store import event_writes, junit_figures, rows, upsert
from sealane.store import runs as stored_runs
from sealane.store.database import Database
from sealane.store.run_tables import run_steps, step_reports

_OF_RUN = (
    sa.select(step_reports.c.key, step_reports.c.attempt, step_reports.c.report)
    .join(run_steps, (run_steps.c.run_id == step_reports.c.run_id) & (run_steps.c.key == step_reports.c.key))
    .where(step_reports.c.run_id == sa.bindparam("run"))
    .order_by(run_steps.c.position, step_reports.c.attempt)
)


class Reports:
    """The table of reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, run_id: str, reported: StepReport, *, cases: Iterable[CaseResult] = (), at: datetime) -> None:
        """Stores a report, and what insights count of its tests, `cases`.

        Key: run, step and attempt; a repeated one replaces the earlier one.
        """

        def work(connection: sa.Connection) -> None:
            values = {"report": rows.plain(reported.report), "read": at}
            where = {"run_id": run_id, "key": reported.key, "attempt": reported.attempt}
            upsert.put(connection, step_reports, where, values)
            junit_figures.keep(connection, where, cases, at)
            data = {"step": reported.key, "attempt": reported.attempt}
            event_writes.run_event(connection, Kind.RUN_REPORT, run_id, at, data)

        await self._database.write(work)

    async def erase(self, run_id: str, *, by: str, at: datetime) -> None:
        """Deletes the test reports of an ended run, and notes who wanted it; what insights count stays.

        Raises NotThere, and Conflicting while the run goes on.
        """

        def work(connection: sa.Connection) -> None:
            run = stored_runs.get(connection, run_id)
            if run.ended is None:
                raise Conflicting(f"run {run_id} goes on", hint=f"`sealane cancel {run_id}` ends it")
            connection.execute(sa.delete(step_reports).where(step_reports.c.run_id == run_id))
            erased = DomainEvent(kind=Kind.RUN_LOGS_ERASED, at=at, app=run.app, run=run_id, actor=by)
            event_writes.append(connection, erased)

        await self._database.write(work)


def of(connection: sa.Connection, run_id: str) -> tuple[StepReport, ...]:
    """All reports of a run, in the order of its steps and their attempts, in this transaction."""
    return tuple(
        StepReport(key=row["key"], attempt=row["attempt"], report=typed_data.convert(row["report"], Report))
        for row in rows.all_of(connection, _OF_RUN, run=run_id)
    )


def together(connection: sa.Connection, run_id: str) -> Report | None:
    """The sum of the reports of all steps' last attempts of a run, in this transaction."""
    last = {report.key: report.report for report in of(connection, run_id)}
    return model.together(last.values())
