"""Insights of pipelines: how long runs and steps take, and how often they pass, in SQL over what each was counted as."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sealane.insights.model import By, Pipelines, Question, Ran, RanPart
from sealane.records import filters
from sealane.records.scopes import Scope
from sealane.store import insights, rows, scopes
from sealane.store.app_tables import apps
from sealane.store.figure_tables import run_figures, step_figures
from sealane.store.percentiles import percentiles


def pipelines(connection: sa.Connection, question: Question, scope: Scope) -> Pipelines:
    """What the question comes to, of what is in the scope, in this transaction. Runs are of no environment."""
    owner = sa.select(apps.c.owner).where(apps.c.name == run_figures.c.app).scalar_subquery()
    parts = _grouped(connection, run_figures, owner if question.by is By.TEAM else run_figures.c.app, question, scope)
    steps = _grouped(connection, step_figures, step_figures.c.key, question, scope) if question.app else []
    slowest = sorted(steps, key=lambda each: (-(each.ran.median or 0.0), each.name))
    return Pipelines(question=question, parts=tuple(parts), steps=tuple(slowest))


def _grouped(
    connection: sa.Connection, table: sa.Table, key: sa.ColumnElement[Any], question: Question, scope: Scope
) -> list[RanPart]:
    where = [*insights.within(table.c.at, question.span), scopes.chosen(scope, table.c.app)]
    where += insights.of_apps(table, question)
    query = sa.select(
        key.label("key"),
        sa.func.count().label("runs"),
        sa.func.count(sa.case((table.c.passed, 1))).label("passed"),
        percentiles(sa.case((table.c.passed, table.c.took)), 50, 95).label("took"),
    )
    found = rows.all_of(connection, query.where(*where).group_by(sa.text("1")))
    return sorted((_part(row) for row in found), key=lambda part: part.name)


def _part(row: rows.Row) -> RanPart:
    median, p95 = row["took"] or (None, None)
    return RanPart(name=row["key"] or "", ran=Ran(runs=row["runs"], passed=row["passed"], median=median, p95=p95))


def behind(only: filters.Filter) -> sa.Select[Any]:
    """The ids of the runs that a figure of a span is made of: of runs, or of a step of theirs."""
    table = run_figures if only.step is None else step_figures
    query = sa.select(table.c.run_id)
    query = query if only.step is None else query.where(step_figures.c.key == only.step)
    query = query.where(*insights.between(table.c.at, only.since, only.until))
    if only.ran in {None, filters.Ran.ALL}:
        return query
    return query.where(table.c.passed if only.ran is filters.Ran.PASSED else ~table.c.passed)
