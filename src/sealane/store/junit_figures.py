"""What insights keep of a step's tests: written by the transaction that stores their report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sealane.insights import definitions
from sealane.insights.definitions import Before
from sealane.reports.model import CaseResult
from sealane.store.figure_tables import test_figures as table
from sealane.store.run_tables import runs


def keep(connection: sa.Connection, attempt: Mapping[str, Any], cases: Iterable[CaseResult], at: datetime) -> None:
    """Keeps the tests of an attempt (`run_id`, `key` and `attempt`) that count. Replaces what was there."""
    connection.execute(sa.delete(table).where(*(table.c[name] == value for name, value in attempt.items())))
    listed = tuple(cases)
    if not listed:
        return
    query = sa.select(runs.c.app, runs.c.commit, runs.c.branch, runs.c.ended).where(runs.c.id == attempt["run_id"])
    run = connection.execute(query).one()
    commit = run.commit or attempt["run_id"]
    before = _before(connection, [table.c.app == run.app, table.c.key == attempt["key"]], commit, run.branch, at)
    own = {**attempt, "app": run.app, "commit": commit, "branch": run.branch}
    own["at"] = None if run.ended is None else int(run.ended.timestamp())
    results = [
        {
            **own,
            "test": case.title,
            "failed": case.failed,
            "passed": case.passed,
            "flaky": definitions.is_flaky(case, before),
            "took": None if case.failed else case.seconds,
        }
        for case in definitions.counted_tests(listed, before)
    ]
    if results:
        connection.execute(sa.insert(table), results)


def _before(
    connection: sa.Connection, same: list[sa.ColumnElement[bool]], commit: str, branch: str | None, at: datetime
) -> Before:
    """The earlier failures of tests of the same step."""
    query = sa.select(table.c.test, table.c.failed, table.c.passed).where(*same, table.c.commit == commit)
    outcomes = connection.execute(query).all()
    return Before(
        failed=frozenset(test for test, failed, _ in outcomes if failed),
        passed=frozenset(test for test, _, passed in outcomes if passed),
        lately=frozenset(connection.execute(_lately(same, branch, at)).scalars()),
    )


def _lately(same: list[sa.ColumnElement[bool]], branch: str | None, at: datetime) -> sa.Select[Any]:
    """The tests that failed most often on the branch."""
    since = int((at - definitions.LATELY).timestamp())
    query = sa.select(table.c.test).where(*same, table.c.branch == branch, table.c.failed, table.c.at >= since)
    return query.group_by(table.c.test).order_by(sa.func.count().desc(), table.c.test).limit(definitions.MOST_LATELY)
