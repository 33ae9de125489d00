"""Insights: the figures of deployments, computed in SQL over what each was counted as when it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from sealane.insights.model import DAY, By, Figures, Insights, Part, Point, Question, Span
from sealane.records.filters import Figure
from sealane.records.scopes import Scope
from sealane.store import rows, scopes
from sealane.store.app_tables import apps
from sealane.store.deployment_tables import formations
from sealane.store.figure_tables import deployment_figures as table
from sealane.store.percentiles import percentiles

hour_of_day = (table.c.at % DAY) // 3_600
"""The hour of the day in which it ended, UTC."""
_MADE_GOOD = sa.case((table.c.failed, table.c.restored))


def insights(connection: sa.Connection, question: Question, production: frozenset[str], scope: Scope) -> Insights:
    """What the question comes to, of what is in the scope, in this transaction; `production` names environments."""
    environments = asked_for(question, production)
    where, span = chosen(question, environments, scope), question.span
    begun, since, until = (int(each.timestamp()) for each in (span.before, span.since, span.until))
    both = [*where, table.c.at >= begun, table.c.at < until]
    halves = _grouped(connection, (table.c.at - begun) // (span.days * DAY), both, span.days)
    this = [*where, table.c.at >= since, table.c.at < until]
    points = _grouped(connection, (table.c.at - since) // span.width, this, span.width / DAY)
    nothing = Figures(days=span.days)
    return Insights(
        question=question,
        environments=seen(connection, environments, scope),
        now=halves.get(1, nothing),
        before=halves.get(0, nothing),
        trend=tuple(
            Point(
                since=span.bucket(number)[0],
                until=span.bucket(number)[1],
                figures=points.get(number, Figures(days=span.width / DAY)),
            )
            for number in range(span.buckets)
        ),
        parts=tuple(Part(name=name, figures=each) for name, each in _parts(connection, question, this)),
    )


def seen(connection: sa.Connection, environments: frozenset[str], scope: Scope) -> tuple[str, ...]:
    """Those that anything in the scope goes to; all of them where everything is in it."""
    if scope.everything:
        return tuple(sorted(environments))
    mine = scopes.chosen(scope, formations.c.app, formations.c.environment)
    query = sa.select(formations.c.environment).where(mine, formations.c.environment.in_(environments)).distinct()
    return tuple(sorted(connection.execute(query).scalars()))


def behind(figure: Figure, since: datetime | None, until: datetime | None, hour: str | None) -> sa.Select[Any]:
    """The ids of the deployments that a figure of a span is made of, or of an hour of its days."""
    query = sa.select(table.c.deployment_id).where(_counts(figure))
    query = query if hour is None else query.where(hour_of_day == int(hour))
    return query.where(*between(table.c.at, since, until))


def _counts(figure: Figure) -> sa.ColumnElement[bool]:
    return {
        Figure.CHANGES: table.c.deployed | table.c.failed,
        Figure.DEPLOYMENTS: table.c.deployed,
        Figure.LEAD_TIME: table.c.lead_time.is_not(None),
        Figure.FAILED: table.c.failed,
        Figure.RESTORED: _MADE_GOOD.is_not(None),
    }[figure]


def asked_for(question: Question, production: frozenset[str]) -> frozenset[str]:
    """The environments that a question is about."""
    return frozenset([question.environment]) if question.environment else production


def chosen(question: Question, environments: frozenset[str], scope: Scope) -> list[sa.ColumnElement[bool]]:
    """The changes that a question is about, of whatever time."""
    own = [table.c.environment.in_(environments), _counts(Figure.CHANGES)]
    return [*own, *of_apps(table, question), scopes.chosen(scope, table.c.app, table.c.environment)]


def of_apps(counted: sa.Table, question: Question) -> list[sa.ColumnElement[bool]]:
    """What is of the app or the team that a question is about."""
    found = [counted.c.app == question.app] if question.app is not None else []
    return [*found, *([counted.c.app.in_(of_team(question.team))] if question.team is not None else [])]


def within(column: sa.ColumnElement[int], span: Span) -> list[sa.ColumnElement[bool]]:
    """What ended in the span."""
    return between(column, span.since, span.until)


def between(
    column: sa.ColumnElement[int], since: datetime | None, until: datetime | None
) -> list[sa.ColumnElement[bool]]:
    """What ended then or later, and before that; None sets no bound."""
    found = [column >= int(since.timestamp())] if since is not None else []
    return [*found, *([column < int(until.timestamp())] if until is not None else [])]


def of_team(team: str) -> sa.Select[Any]:
    """The names of its apps."""
    return sa.select(apps.c.name).where(apps.c.owner == team)


def _parts(
    connection: sa.Connection, question: Question, where: list[sa.ColumnElement[bool]]
) -> list[tuple[str, Figures]]:
    owner = sa.select(apps.c.owner).where(apps.c.name == table.c.app).scalar_subquery()
    key = {By.APP: table.c.app, By.TEAM: owner, By.ENVIRONMENT: table.c.environment}[question.by]
    return sorted(_grouped(connection, key, where, question.span.days).items())


def _grouped(
    connection: sa.Connection, key: sa.ColumnElement[Any], where: list[sa.ColumnElement[bool]], days: float
) -> dict[Any, Figures]:
    """The figures of each group."""
    query = sa.select(
        key.label("key"),
        sa.func.count().label("changes"),
        sa.func.count(sa.case((table.c.deployed, 1))).label("deployments"),
        sa.func.count(sa.case((table.c.failed, 1))).label("failed"),
        sa.func.count(table.c.lead_time).label("lead_times"),
        percentiles(table.c.lead_time, 50, 95).label("lead"),
        sa.func.count(_MADE_GOOD).label("restored"),
        percentiles(_MADE_GOOD, 50).label("restore"),
    )
    found = rows.all_of(connection, query.where(*where).group_by(sa.text("1")))
    return {row["key"]: _figures(row, days) for row in found}


def _figures(row: rows.Row, days: float) -> Figures:
    lead, restore = row["lead"] or (None, None), row["restore"] or (None,)
    return Figures(
        days=days,
        **{name: row[name] for name in ("changes", "deployments", "failed", "lead_times", "restored")},
        lead_time=lead[0],
        lead_time_p95=lead[1],
        time_to_restore=restore[0],
    )
