"""Insights about tests: the slowest, the flakiest and those that fail most, in SQL over reports."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sealane.insights.model import Question, RankedTests, SlowTest, WrongTest
from sealane.records import filters
from sealane.records.scopes import Scope
from sealane.store import insights, scopes
from sealane.store.figure_tables import test_figures as table
from sealane.store.percentiles import collected, ranked

MOST = 20
"""Tests of each list."""
_RUNS = sa.func.count(sa.distinct(table.c.run_id))
_NAMES = (table.c.app, table.c.key, table.c.test)


def tests(connection: sa.Connection, question: Question, scope: Scope) -> RankedTests:
    """The answer to the question within the scope, in this transaction. Tests belong to no environment."""
    where = [*insights.within(table.c.at, question.span), scopes.chosen(scope, table.c.app)]
    where += insights.of_apps(table, question)
    return RankedTests(
        question=question,
        slowest=_slowest(connection, where) if question.app is not None else (),
        flakiest=_wrong(connection, [*where, table.c.flaky]),
        failing=_wrong(connection, [*where, table.c.failed]),
    )


def _wrong(connection: sa.Connection, where: list[sa.ColumnElement[bool]]) -> tuple[WrongTest, ...]:
    counted = (_hashed if connection.dialect.name == "postgresql" else _sorted)(where)
    query = counted.order_by(sa.text("4 DESC"), sa.text("1"), sa.text("2"), sa.text("3")).limit(MOST)
    return tuple(
        WrongTest(app=app, step=key, name=test, runs=runs) for app, key, test, runs in connection.execute(query)
    )


def _sorted(where: list[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    """Each test with its number of runs, in the form that is twice as fast on SQLite."""
    return sa.select(*_NAMES, _RUNS).where(*where).group_by(*_NAMES)


def _hashed(where: list[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    """The same for PostgreSQL, which would sort all rows for `count(DISTINCT …)`, by a language's collation."""
    once = sa.select(*_NAMES, table.c.run_id).where(*where).group_by(*_NAMES, table.c.run_id).subquery()
    names = [once.c[column.name] for column in _NAMES]
    return sa.select(*names, sa.func.count()).group_by(*names)


def _slowest(connection: sa.Connection, where: list[sa.ColumnElement[bool]]) -> tuple[SlowTest, ...]:
    query = sa.select(*_NAMES, _RUNS, collected(table.c.took)).where(*where, table.c.took.is_not(None))
    timed = [(*row, *ranked([took], 50, 95)) for *row, took in connection.execute(query.group_by(*_NAMES))]
    slow_tests = [
        SlowTest(app=app, step=key, name=test, runs=runs, median=median, p95=p95)
        for app, key, test, runs, median, p95 in timed
    ]
    return tuple(sorted(slow_tests, key=lambda slow_test: (-slow_test.median, slow_test.step, slow_test.name))[:MOST])


def behind(only: filters.Filter) -> sa.Select[Any]:
    """The ids of the runs behind a figure of one test, or of any test."""
    query = sa.select(table.c.run_id)
    query = query if only.test is None else query.where(table.c.test == only.test)
    query = query if only.step is None else query.where(table.c.key == only.step)
    query = query.where(*insights.between(table.c.at, only.since, only.until))
    counted = {
        filters.Ran.PASSED: table.c.took.is_not(None),
        filters.Ran.FAILED: table.c.failed,
        filters.Ran.FLAKY: table.c.flaky,
    }
    return query.where(counted[only.ran]) if only.ran in counted else query
