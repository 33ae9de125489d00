"""Insights: the figures of deployments, computed in SQL from the count that each got at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy as sa

from sealane.errors import NotThere
from sealane.findings import did_you_mean
from sealane.insights.model import DAY, By, Figures, Insights, Part, Point, Question, Span
from sealane.records.filters import Figure, Filter
from sealane.records.scopes import Scope
from sealane.store import rows, scopes
from sealane.store.app_tables import apps
from sealane.store.deployment_tables import formations
from sealane.store.figure_tables import deployment_figures as table
from sealane.store.percentiles import collected, ranked

K = TypeVar("K")

hour_of_day = (table.c.at % DAY) // 3_600
"""The hour of the day of its end, UTC."""
_KEYS = {By.APP: "app", By.TEAM: "app", By.ENVIRONMENT: "environment"}
"""The column that parts are grouped by; a team has several apps."""
_MADE_GOOD = sa.case((table.c.failed, table.c.restored))


def insights(connection: sa.Connection, question: Question, production: frozenset[str], scope: Scope) -> Insights:
    """The answer to the question within the scope, in this transaction; `production` names environments."""
    environments, span = asked_for(question, production), question.span
    mine, both = chosen(question, environments, scope), between(table.c.at, span.before, span.until)
    bucket = (table.c.at - int(span.before.timestamp())) // span.width
    points = {row["key"]: row for row in _counted(connection, bucket, [*mine, *both])}
    before, now = (
        [row for number, row in points.items() if (number >= span.buckets) is late] for late in (False, True)
    )
    parts = _counted(connection, table.c[_KEYS[question.by]], [*mine, *within(table.c.at, span)])
    return Insights(
        question=question,
        environments=seen(connection, environments, scope),
        now=_figures(now, span.days),
        before=_figures(before, span.days),
        trend=tuple(_point(span, number, points.get(span.buckets + number)) for number in range(span.buckets)),
        parts=tuple(
            Part(name=name, figures=_figures(group, span.days))
            for name, group in sorted(grouped(parts, _name(connection, question.by, scope)).items())
        ),
    )


def check_names(connection: sa.Connection, question: Question, production: frozenset[str], scope: Scope) -> None:
    """Raises NotThere for an unknown app, team or environment in the question, naming those in the scope."""
    owner = owners(connection, scope)
    if question.app is not None and question.app not in owner:
        raise scopes.no_app(connection, question.app, scope)
    if question.team is not None and question.team not in owner.values():
        raise NotThere(f"no app belongs to {question.team}", hint=did_you_mean(question.team, set(owner.values())))
    if (name := question.environment) is None:
        return
    mine = scopes.chosen(scope, formations.c.app, formations.c.environment)
    known = set(connection.execute(sa.select(formations.c.environment).where(mine).distinct()).scalars())
    known |= production if scope.everything else set()
    if name not in known:
        raise NotThere(f"nothing goes to an environment {name}", hint=did_you_mean(name, known))


def seen(connection: sa.Connection, environments: frozenset[str], scope: Scope) -> tuple[str, ...]:
    """The environments that anything in the scope goes to; all of them when the scope is everything."""
    if scope.everything:
        return tuple(sorted(environments))
    mine = scopes.chosen(scope, formations.c.app, formations.c.environment)
    query = sa.select(formations.c.environment).where(mine, formations.c.environment.in_(environments)).distinct()
    return tuple(sorted(connection.execute(query).scalars()))


def behind(figure: Figure, since: datetime | None, until: datetime | None, hour: str | None) -> sa.Select[Any]:
    """The ids of the deployments behind a figure of a span, or of an hour of its days."""
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
    """The environments of a question."""
    return frozenset([question.environment]) if question.environment else production


def chosen(question: Question, environments: frozenset[str], scope: Scope) -> list[sa.ColumnElement[bool]]:
    """The changes that a question is about, of any time."""
    own = [table.c.environment.in_(sorted(environments)), _counts(Figure.CHANGES)]
    return [*own, *of_apps(table, question), scopes.chosen(scope, table.c.app, table.c.environment)]


def of_apps(counted: sa.Table, asked: Question | Filter) -> list[sa.ColumnElement[bool]]:
    """The condition for the question's app or team; otherwise all apps by name, so that indexes are used."""
    if asked.app is not None:
        elements = [counted.c.app == asked.app]
        return elements if asked.team is None else [*elements, counted.c.app.in_(of_team(asked.team))]
    return [counted.c.app.in_(sa.select(apps.c.name) if asked.team is None else of_team(asked.team))]


def within(column: sa.ColumnElement[int], span: Span) -> list[sa.ColumnElement[bool]]:
    """The condition that it ended in the span."""
    return between(column, span.since, span.until)


def between(
    column: sa.ColumnElement[int], since: datetime | None, until: datetime | None
) -> list[sa.ColumnElement[bool]]:
    """The condition that it ended from one time to before another; None sets no bound."""
    elements = [column >= int(since.timestamp())] if since is not None else []
    return [*elements, *([column < int(until.timestamp())] if until is not None else [])]


def of_team(team: str) -> sa.Select[Any]:
    """The names of the team's apps."""
    return sa.select(apps.c.name).where(apps.c.owner == team)


def owners(connection: sa.Connection, scope: Scope) -> Mapping[str, str]:
    """The owner of each app in the scope."""
    query = sa.select(apps.c.name, apps.c.owner).where(scopes.chosen(scope, apps.c.name))
    return dict(connection.execute(query).all())


def _counted(
    connection: sa.Connection, key: sa.ColumnElement[Any], where: list[sa.ColumnElement[bool]]
) -> list[rows.Row]:
    """The data of figures, one row per key: few rows are fast to read, however many changes they count."""
    query = sa.select(
        key.label("key"),
        sa.func.count().label("changes"),
        sa.func.count(sa.case((table.c.deployed, 1))).label("deployments"),
        sa.func.count(sa.case((table.c.failed, 1))).label("failed"),
        collected(table.c.lead_time).label("lead_times"),
        collected(_MADE_GOOD).label("restored"),
    )
    return rows.all_of(connection, query.where(*where).group_by(sa.text("1")))


def _name(connection: sa.Connection, by: By, scope: Scope) -> Callable[[rows.Row], str]:
    """The name of the part that a row belongs to."""
    if by is By.TEAM:
        owner = owners(connection, scope)
        return lambda row: owner[row["key"]]
    return itemgetter("key")


def grouped(counted: Iterable[rows.Row], key: Callable[[rows.Row], K]) -> Mapping[K, Sequence[rows.Row]]:
    """The counted data, grouped by a column."""
    groups: dict[K, list[rows.Row]] = {}
    for row in counted:
        groups.setdefault(key(row), []).append(row)
    return groups


def _point(span: Span, number: int, row: rows.Row | None) -> Point:
    since, until = span.bucket(number)
    return Point(since=since, until=until, figures=_figures([row] if row else [], span.width / DAY))


def _figures(counted: Sequence[rows.Row], days: float) -> Figures:
    lead_time, lead_time_p95 = ranked((row["lead_times"] for row in counted), 50, 95)
    (time_to_restore,) = ranked((row["restored"] for row in counted), 50)
    return Figures(
        days=days,
        **{name: sum(row[name] for row in counted) for name in ("changes", "deployments", "failed")},
        **{name: sum(len(row[name]) for row in counted) for name in ("lead_times", "restored")},
        lead_time=lead_time,
        lead_time_p95=lead_time_p95,
        time_to_restore=time_to_restore,
    )
