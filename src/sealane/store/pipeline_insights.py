"""Insights about pipelines: how long runs and steps take, and how often they pass, in SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from sealane.insights.model import By, Pipelines, Question, Ran, RanPart
from sealane.records import filters
from sealane.records.scopes import Scope
from sealane.store import insights, rows, scopes
from sealane.store.figure_tables import run_figures, step_figures
from sealane.store.percentiles import collected, ranked


def pipelines(connection: sa.Connection, question: Question, scope: Scope) -> Pipelines:
    """The answer to the question within the scope, in this transaction. Runs belong to no environment."""
    runs = _counted(connection, run_figures, run_figures.c.app, question, scope)
    owner = insights.owners(connection, scope) if question.by is By.TEAM else {}
    parts = _parts(runs, lambda app: owner.get(app, app))
    steps = _counted(connection, step_figures, step_figures.c.key, question, scope) if question.app else []
    slowest = sorted(_parts(steps, str), key=lambda part: (-(part.ran.median or 0.0), part.name))
    return Pipelines(question=question, parts=tuple(parts), steps=tuple(slowest))


def _counted(
    connection: sa.Connection, table: sa.Table, key: sa.ColumnElement[Any], question: Question, scope: Scope
) -> list[rows.Row]:
    where = [*insights.within(table.c.at, question.span), scopes.chosen(scope, table.c.app)]
    query = sa.select(
        key.label("key"),
        sa.func.count().label("runs"),
        sa.func.count(sa.case((table.c.passed, 1))).label("passed"),
        collected(sa.case((table.c.passed, table.c.took))).label("took"),
    )
    return rows.all_of(connection, query.where(*where, *insights.of_apps(table, question)).group_by(sa.text("1")))


def _parts(counted: Iterable[rows.Row], name: Callable[[str], str]) -> list[RanPart]:
    groups = insights.grouped(counted, lambda row: name(row["key"]))
    return [RanPart(name=label, ran=_ran(group)) for label, group in sorted(groups.items())]


def _ran(counted: Sequence[rows.Row]) -> Ran:
    median, p95 = ranked((row["took"] for row in counted), 50, 95)
    runs, passed = (sum(row[name] for row in counted) for name in ("runs", "passed"))
    return Ran(runs=runs, passed=passed, median=median, p95=p95)


def behind(only: filters.Filter) -> sa.Select[Any]:
    """The ids of the runs behind a figure of a span, about runs or one of their steps."""
    table = run_figures if only.step is None else step_figures
    query = sa.select(table.c.run_id)
    query = query if only.step is None else query.where(step_figures.c.key == only.step)
    query = query.where(*insights.of_apps(table, only), *insights.between(table.c.at, only.since, only.until))
    if only.ran in {None, filters.Ran.ALL}:
        return query
    return query.where(table.c.passed if only.ran is filters.Ran.PASSED else ~table.c.passed)
