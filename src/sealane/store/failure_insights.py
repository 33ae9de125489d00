"""Insights about failures and delays: causes, rollbacks, hours of the day, waits, in SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import sqlalchemy as sa

from sealane.insights.definitions import WAITS
from sealane.insights.model import FailureCause, Failures, Hour, Question, Waits
from sealane.insights.words import GONE_BACK, NO_CAUSE
from sealane.records.scopes import Scope
from sealane.store import insights
from sealane.store.deployment_tables import deployments
from sealane.store.figure_tables import deployment_figures as table
from sealane.verdicts.model import VerdictKind

cause = sa.case(
    (deployments.c.verdict_kind == VerdictKind.DEPLOYED.value, GONE_BACK),
    else_=sa.func.coalesce(deployments.c.verdict["cause", "reason"].as_string(), NO_CAUSE),
)
"""Why a change failed, from its verdict."""


def failures(connection: sa.Connection, question: Question, production: frozenset[str], scope: Scope) -> Failures:
    """Why changes failed, their outcomes, and when, in this transaction; `production` names environments."""
    environments = insights.asked_for(question, production)
    where = [*insights.chosen(question, environments, scope), *insights.within(table.c.at, question.span)]
    query = sa.select(cause, table.c.app, deployments.c.verdict_kind, sa.func.count())
    query = query.join(deployments, deployments.c.id == table.c.deployment_id).where(*where, table.c.failed)
    counts = [tuple(row) for row in connection.execute(query.group_by(sa.text("1"), sa.text("2"), sa.text("3")))]
    became = Counter[str]()
    for _, _, kind, times in counts:
        became[kind] += times
    failed, rolled_back = became.total(), became[VerdictKind.ROLLED_BACK.value]
    gone_back = became[VerdictKind.DEPLOYED.value]
    return Failures(
        question=question,
        environments=insights.seen(connection, environments, scope),
        failed=failed,
        rolled_back=rolled_back,
        gone_back=gone_back,
        left=failed - rolled_back - gone_back,
        causes=_causes((why, app, times) for why, app, _, times in counts),
        hours=_hours(connection, where),
    )


def _causes(counts: Iterable[tuple[str, str, int]]) -> tuple[FailureCause, ...]:
    by_app: dict[str, Counter[str]] = {}
    for why, app, times in counts:
        by_app.setdefault(why, Counter())[app] += times
    causes = (
        FailureCause(cause=why, app=min(apps, key=lambda app: (-apps[app], app)), times=apps.total())
        for why, apps in by_app.items()
    )
    return tuple(sorted(causes, key=lambda cause: (-cause.times, cause.cause)))


def _hours(connection: sa.Connection, where: list[sa.ColumnElement[bool]]) -> tuple[Hour, ...]:
    query = sa.select(insights.hour_of_day, sa.func.count(), sa.func.count(sa.case((table.c.failed, 1))))
    counts = {
        hour: (changes, failed)
        for hour, changes, failed in connection.execute(query.where(*where).group_by(sa.text("1")))
    }
    counted = (counts.get(hour, (0, 0)) for hour in range(24))
    return tuple(Hour(hour=hour, changes=changes, failed=failed) for hour, (changes, failed) in enumerate(counted))


def waits(connection: sa.Connection, question: Question, production: frozenset[str], scope: Scope) -> Waits:
    """Where the time from commit to production went, in this transaction; `production` names environments."""
    environments = insights.asked_for(question, production)
    where = [*insights.chosen(question, environments, scope), *insights.within(table.c.at, question.span)]
    sums = (sa.func.coalesce(sa.func.sum(table.c[name]), 0.0).label(name) for name in ("lead_time", *WAITS))
    query = sa.select(sa.func.count().label("changes"), *sums).where(*where, table.c.rollout.is_not(None))
    row = connection.execute(query).mappings().one()
    return Waits(question=question, environments=insights.seen(connection, environments, scope), **row)
