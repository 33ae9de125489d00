"""How insights count each run and its steps: written by the transaction that ends the run."""

from __future__ import annotations

import sqlalchemy as sa

from sealane.insights import definitions
from sealane.pipelines.model import Kind
from sealane.records.runs import Run
from sealane.store.figure_tables import run_figures, step_figures, test_figures
from sealane.store.run_tables import run_steps


def keep(connection: sa.Connection, run: Run) -> None:
    """Counts a run that has just ended, in this transaction. One that was not carried out is not counted.

    Its test reports count in any case.
    """
    if run.ended is None:
        return
    reported = sa.update(test_figures).where(test_figures.c.run_id == run.id)
    connection.execute(reported.values(at=int(run.ended.timestamp())))
    if not definitions.was_carried_out(run.status, run.started):
        return
    own = {"run_id": run.id, "app": run.app, "at": int(run.ended.timestamp())}
    took = definitions.took(run.started, run.ended)
    connection.execute(sa.insert(run_figures).values(**own, passed=definitions.has_passed(run.status), took=took))
    query = sa.select(run_steps.c.key, run_steps.c.status, run_steps.c.started, run_steps.c.ended)
    query = query.where(run_steps.c.run_id == run.id, run_steps.c.kind != Kind.DELIVER.value)
    steps = [
        {
            **own,
            "key": row.key,
            "passed": definitions.has_passed(row.status),
            "took": definitions.took(row.started, row.ended),
        }
        for row in connection.execute(query)
        if row.ended is not None and definitions.was_carried_out(row.status, row.started)
    ]
    if steps:
        connection.execute(sa.insert(step_figures), steps)
