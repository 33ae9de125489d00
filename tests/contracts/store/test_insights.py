"""Insights: the SQL says what the definitions say, on random histories, and lists are what figures are made of."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from sealane.errors import NotThere
from sealane.insights import definitions, figures
from sealane.insights.definitions import Counted, Ended, Failure
from sealane.insights.model import By, Figures, Question, Ran, RanPart, Span
from sealane.pipelines.model import RunStatus
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.records.filters import Figure, Filter
from sealane.records.filters import Ran as Ran_
from sealane.records.scopes import EVERYTHING, Scope
from sealane.store import (
    conclusion,
    deployment_figures,
    deployment_tables,
    deployments,
    failure_insights,
    formations,
    lists,
    pipeline_insights,
    run_tables,
)
from sealane.store import insights as stored_insights
from sealane.store import releases as stored_releases
from sealane.store.all_stores import Store
from sealane.verdicts.model import Cause, FactKind, Verdict, VerdictKind

from .kept_rows import KeptRows
from .samples import app, deployment, push, release, revision

NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)
PRODUCTION = frozenset({"eu", "us"})
PLACES = ("dev", "eu", "us")
SPAN = Span.up_to(NOW, 7)
CAUSE = Cause(sentence="x", object="x", workload="x", reason=FactKind.ENDED, decisive=True, since=NOW)


@dataclass
class Told:
    """A formation's history as the definitions see it."""

    counts: dict[str, Counted] = field(default_factory=dict)
    open: dict[str, datetime] = field(default_factory=dict)
    verified: Deployment | None = None
    arrived: set[str] = field(default_factory=set)

    def end(self, deployment: Deployment, verdict: Verdict, commit: str, received: datetime) -> None:
        if deployment.started is None:
            return
        ended = Ended(
            id=deployment.id,
            kind=deployment.kind,
            revision=deployment.revision_id,
            from_revision=deployment.from_revision_id,
            older=self.verified is not None and deployment.place < self.verified.place,
            asked=deployment.created,
            started=deployment.started,
            received=received,
            arrived=commit in self.arrived,
            at=verdict.at,
            verdict=verdict.kind,
            untouched=verdict.untouched,
            called_off=verdict.cause is not None and verdict.cause.reason is FactKind.CALLED_OFF,
        )
        failures = [Failure(id=name, since=since) for name, since in self.open.items()]
        good = [failure.id for failure in self.counts.values() if failure.deployed and not failure.failed]
        count = definitions.count(ended, failures, good[-1] if good else None)
        self.counts[deployment.id] = count.own
        for failure in count.failed:
            self.counts[failure.id] = replace(self.counts[failure.id], failed=True, restored=failure.restored)
            self.open.pop(failure.id, None)
        if count.own.failed and count.own.restored is None:
            self.open[deployment.id] = deployment.started
        if count.own.deployed:
            self.arrived.add(commit)
        if verdict.kind is VerdictKind.DEPLOYED:
            self.verified = deployment

    def degrade(self, deployment: Deployment, at: datetime) -> None:
        counted = definitions.degraded(self.counts[deployment.id])
        self.counts[deployment.id] = counted
        if counted.failed:
            self.open[deployment.id] = at


@dataclass
class Stored:
    """What was put in."""

    told: dict[tuple[str, str], Told]
    ends: dict[str, datetime]

    def expected(self, since: datetime, until: datetime, days: float, where: Iterable[tuple[str, str]]) -> Figures:
        counted = [count for place in where for count in self.told[place].counts.values()]
        return figures.figures([each for each in counted if since <= self.ends[each.id] < until], days)


@pytest.fixture
async def stored(store: Store, kept: KeptRows) -> Stored:
    return await kept.filled(store, _fill)


async def _fill(store: Store) -> Stored:
    """Two apps of two teams with three formations each, ended in every way that a deployment can."""
    await store.apps.add(replace(app("other"), owner="search"), by="ann")
    chance = random.Random(17)
    stored = Stored(told={(name, place): Told() for name in ("shop", "other") for place in PLACES}, ends={})
    commits: dict[tuple[str, int], datetime] = {}
    for number in range(24):
        name, received = ("shop", "other")[number % 2], NOW - timedelta(days=14) + timedelta(hours=number * 14)
        event = replace(push("a", app_name=name), commit=f"{number:040}", received=received)
        run = (await store.events.receive(event, source="test", requested_by="test")).run_id
        await store.releases.add(replace(release(number), app=name), sequence=number, run_id=run)
        commits[name, number] = received
    await store.database.write(lambda c: _end_all(c, chance, stored, commits))
    return stored


def _end_all(
    connection: sa.Connection, chance: random.Random, stored: Stored, commits: dict[tuple[str, int], datetime]
) -> None:
    """Each deployment begins and ends as in its own transaction."""
    for number in range(150):
        name, place = chance.choice(list(stored.told))
        told = stored.told[name, place]
        begun = NOW - timedelta(days=14) + timedelta(hours=number * 2.2)
        pushed = [(made, at) for (of, made), at in commits.items() if of == name and (at < begun or made < 2)]
        made, received = chance.choice(pushed[-3:])  # now and then an older one, or one that was there before
        brought = replace(revision(f"v{made}", place), id=f"sha256:v{made}-{name}-{place}", app=name)
        created = deployment(
            number,
            formation=place,
            app=name,
            kind=chance.choice([*DeploymentKind, *[DeploymentKind.DELIVERY] * 6]),
            state=DeploymentState.ROLLING_OUT,
            place=float(made),
            release_id=f"rel-{made}",
            revision_id=brought.id,
            from_revision_id=told.verified.revision_id if told.verified else None,
            created=begun - timedelta(minutes=chance.randrange(90)),
            started=begun if chance.random() < 0.95 else None,
        )
        stored_releases.keep(connection, brought, NOW)
        formations.meant_for(connection, created)
        connection.execute(sa.insert(deployment_tables.deployments).values(deployments.row(created)))
        verdict = _verdict(
            chance, begun + timedelta(seconds=chance.randrange(1, 900)), begun=created.started is not None
        )
        deployments.finish(connection, created.id, verdict)
        if verdict.kind is VerdictKind.DEPLOYED:
            formations.update(connection, name, place, verified_id=created.id)
        told.end(created, verdict, f"{made:040}", received)
        stored.ends[created.id] = verdict.at
        if verdict.kind is VerdictKind.DEPLOYED and created.started and number % 4 == 0:
            _degrade(connection, told, created, verdict.at + timedelta(seconds=30))


def _degrade(connection: sa.Connection, told: Told, deployment: Deployment, at: datetime) -> None:
    """It is rolled back once it is clear that it does not work; when that began counts."""
    cause = replace(CAUSE, since=at)
    late = Verdict(kind=VerdictKind.ROLLED_BACK, reason="x", at=at + timedelta(seconds=5), cause=cause)
    deployments.judge_anew(connection, deployment.id, late)
    told.degrade(deployment, at)


def _verdict(chance: random.Random, at: datetime, *, begun: bool) -> Verdict:
    if not begun:
        return Verdict(kind=VerdictKind.SUPERSEDED, reason="x", at=at)
    kind = chance.choice([*VerdictKind, *[VerdictKind.DEPLOYED] * 3])
    untouched = kind is VerdictKind.FAILED and chance.random() < 0.3
    reason = FactKind.CALLED_OFF if chance.random() < 0.2 else FactKind.ENDED
    bad = kind in {VerdictKind.FAILED, VerdictKind.ROLLED_BACK, VerdictKind.ROLLBACK_FAILED}
    return Verdict(
        kind=kind, reason="x", at=at, untouched=untouched, cause=replace(CAUSE, reason=reason) if bad else None
    )


async def test_figures_are_what_the_definitions_say(store: Store, stored: Stored) -> None:
    """All together, as many days before, each point of the trend, and each part: by app, team and environment."""
    production = [place for place in stored.told if place[1] in PRODUCTION]
    teams = {"payments": "shop", "search": "other"}
    parts = {
        By.APP: {name: [place for place in production if place[0] == name] for name in ("shop", "other")},
        By.TEAM: {team: [place for place in production if place[0] == name] for team, name in teams.items()},
        By.ENVIRONMENT: {name: [place for place in production if place[1] == name] for name in PRODUCTION},
    }

    for by, expected in parts.items():
        question = Question(span=SPAN, by=by)
        insights = await store.database.read(
            lambda c, q=question: stored_insights.insights(c, q, PRODUCTION, EVERYTHING)
        )  # type: ignore[misc]

        assert insights.environments == ("eu", "us")
        assert insights.now == stored.expected(SPAN.since, SPAN.until, 7, production)
        assert insights.before == stored.expected(SPAN.before, SPAN.since, 7, production)
        assert insights.now.changes > 15
        assert insights.now.failed > 5
        assert insights.now.restored > 2
        assert insights.now.lead_times > 2
        for point in insights.trend:
            assert point.figures == stored.expected(point.since, point.until, 1, production)
        told = {name: stored.expected(SPAN.since, SPAN.until, 7, where) for name, where in expected.items()}
        assert {part.name: part.figures for part in insights.parts} == told


async def test_a_question_is_about_what_it_names(store: Store, stored: Stored) -> None:
    asked = {
        "app": (Question(span=SPAN, app="shop"), [("shop", "eu"), ("shop", "us")]),
        "team": (Question(span=SPAN, team="search"), [("other", "eu"), ("other", "us")]),
        "environment": (Question(span=SPAN, environment="dev"), [("shop", "dev"), ("other", "dev")]),
        "nothing": (Question(span=SPAN, app="nothing"), []),
    }
    for name, (question, where) in asked.items():
        insights = await store.database.read(
            lambda c, q=question: stored_insights.insights(c, q, PRODUCTION, EVERYTHING)
        )  # type: ignore[misc]
        assert insights.now == stored.expected(SPAN.since, SPAN.until, 7, where), name


async def test_nobody_sees_more_than_their_scope(store: Store, stored: Stored) -> None:
    """Figures count what a reader may read, and nothing else."""
    scope = Scope(apps=frozenset({"other"}), places=frozenset({("shop", "eu")}))

    insights = await store.database.read(lambda c: stored_insights.insights(c, Question(span=SPAN), PRODUCTION, scope))

    mine = [("other", "eu"), ("other", "us"), ("shop", "eu")]
    assert insights.now == stored.expected(SPAN.since, SPAN.until, 7, mine)


async def test_a_name_that_nothing_has_is_told_with_what_there_is(store: Store, stored: Stored) -> None:
    """And what is out of a reader's scope is not there for them."""
    views, asked = store.views.within(Scope(apps=frozenset({"other"}))), Question(span=SPAN)

    for told, question, message, hint in (
        (views, replace(asked, app="shop"), "no app shop", "known here: other"),
        (views, replace(asked, team="payments"), "no app belongs to payments", "known here: search"),
        (store.views, replace(asked, environment="eeu"), "nothing goes to an environment eeu", "did you mean eu?"),
        (store.views, replace(asked, environment="x"), "environment x", "known here: dev, eu, us"),
    ):
        for answer in (told.insights, told.pipelines, told.tests, told.failures, told.waits):
            with pytest.raises(NotThere, match=message) as error:
                await answer(question)  # type: ignore[operator]
            assert error.value.hint == hint
    assert (await views.insights(replace(asked, app="other", team="search", environment="eu"))).now.changes


async def test_failures_are_told_by_cause_and_hour(store: Store, stored: Stored) -> None:
    """All of them once by cause, by what became of them and by hour; each leads to a list as long."""
    question = Question(span=SPAN)
    failures = await store.database.read(lambda c: failure_insights.failures(c, question, PRODUCTION, EVERYTHING))
    figured = await store.database.read(lambda c: stored_insights.insights(c, question, PRODUCTION, EVERYTHING))

    assert failures.failed == figured.now.failed == failures.rolled_back + failures.gone_back + failures.left
    assert sum(cause.times for cause in failures.causes) == failures.failed
    assert {cause.cause for cause in failures.causes} >= {"ended", "gone_back"}
    assert [cause.times for cause in failures.causes] == sorted(
        (cause.times for cause in failures.causes), reverse=True
    )
    assert sum(hour.changes for hour in failures.hours) == figured.now.changes
    assert sum(hour.failed for hour in failures.hours) == failures.failed
    only = Filter(production=True, figure=Figure.FAILED, since=SPAN.since, until=SPAN.until)
    busiest = max(failures.hours, key=lambda hour: hour.failed)
    wanted = [(replace(only, cause=cause.cause), cause.times) for cause in failures.causes]
    wanted.append((replace(only, hour=f"{busiest.hour:02}"), busiest.failed))
    for narrowed, times in wanted:
        listed = await store.database.read(
            lambda c, o=narrowed: lists.list_deployments(c, EVERYTHING, o, 200, None, PRODUCTION)  # type: ignore[misc]
        )
        assert len(listed) == times, narrowed


async def test_waits_leave_nothing_of_the_lead_times_out(store: Store, stored: Stored) -> None:
    question = Question(span=SPAN)
    waits = await store.database.read(lambda c: failure_insights.waits(c, question, PRODUCTION, EVERYTHING))
    figured = await store.database.read(lambda c: stored_insights.insights(c, question, PRODUCTION, EVERYTHING))

    parts = (waits.queue, waits.steps, waits.approval, waits.hold, waits.window, waits.rollout)
    assert waits.changes == figured.now.lead_times
    assert sum(parts) == pytest.approx(waits.lead_time)
    assert waits.rollout > 0
    assert min(parts) >= 0


async def test_runs_and_steps_are_counted_as_they_end(store: Store) -> None:
    """Those that came to an end of their own; a cancelled one and a delivery count for nothing; lists are as long."""
    took = {RunStatus.PASSED: (60, 120, 30), RunStatus.FAILED: (10,), RunStatus.CANCELLED: (5,)}
    number = 0
    for status, times in took.items():
        for seconds in times:
            number += 1
            event = replace(push(f"c{number}"), commit=f"{number:040}")
            run = (await store.events.receive(event, source="test", requested_by="test")).run_id
            begun = NOW - timedelta(hours=1)
            await store.database.write(lambda c, r=run, b=begun, n=seconds, s=status: _ran(c, r, b, n, s))  # type: ignore[misc]
            await store.runs.end(run, at=begun + timedelta(seconds=seconds), status=status)
    question = Question(span=SPAN, app="shop")

    pipelines = await store.database.read(lambda c: pipeline_insights.pipelines(c, question, EVERYTHING))

    assert pipelines.parts == (RanPart(name="shop", ran=Ran(runs=4, passed=3, median=60.0, p95=120.0)),)
    assert pipelines.steps == (RanPart(name="step/test", ran=Ran(runs=4, passed=3, median=60.0, p95=120.0)),)
    hidden = Scope(apps=frozenset({"other"}))
    assert not (await store.database.read(lambda c: pipeline_insights.pipelines(c, question, hidden))).parts
    span = Filter(since=SPAN.since, until=SPAN.until)
    for only, count in (
        ({"ran": Ran_.ALL}, 4),
        ({"ran": Ran_.FAILED}, 1),
        ({"ran": Ran_.PASSED, "step": "step/test"}, 3),
    ):
        asked = replace(span, **only)  # type: ignore[arg-type]
        listed = await store.database.read(lambda c, o=asked: lists.list_runs(c, EVERYTHING, o, 50, None))  # type: ignore[misc]
        assert len(listed) == count, only


def _ran(connection: sa.Connection, run: str, begun: datetime, seconds: int, status: RunStatus) -> None:
    """A run that began, with a step that took as long and a delivery."""
    connection.execute(sa.update(run_tables.runs).where(run_tables.runs.c.id == run).values(started=begun))
    for position, (kind, name) in enumerate((("step", "test"), ("deliver", "eu"))):
        values = {"run_id": run, "key": f"{kind}/{name}", "position": position, "kind": kind, "name": name, "needs": []}
        ended = begun + timedelta(seconds=seconds)
        connection.execute(
            sa.insert(run_tables.run_steps).values(values | {"status": status.value, "started": begun, "ended": ended})
        )


@pytest.mark.parametrize("figure", Figure)
async def test_a_figure_leads_to_what_it_is_made_of(store: Store, stored: Stored, figure: Figure) -> None:
    """The list with its filter has as many deployments as the figure counted."""
    insights = await store.database.read(
        lambda c: stored_insights.insights(c, Question(span=SPAN, team="payments"), PRODUCTION, EVERYTHING)
    )
    only = Filter(team="payments", production=True, figure=figure, since=SPAN.since, until=SPAN.until)
    listed = await store.database.read(lambda c: lists.list_deployments(c, EVERYTHING, only, 200, None, PRODUCTION))

    counted = {
        Figure.CHANGES: insights.now.changes,
        Figure.DEPLOYMENTS: insights.now.deployments,
        Figure.LEAD_TIME: insights.now.lead_times,
        Figure.FAILED: insights.now.failed,
        Figure.RESTORED: insights.now.restored,
    }[figure]
    assert counted
    assert len(listed) == counted
    assert all(
        SPAN.since <= stored.ends[deployment.id] < SPAN.until and deployment.environment in PRODUCTION
        for deployment in listed
    )


async def test_it_is_counted_once_and_with_the_verdict(store: Store) -> None:
    """The count lands in the transaction that ends the deployment, and a second end changes nothing."""
    offered = deployment(1, release_id=None)
    await store.deployments.offer(offered, revision("v1"))
    await store.deployment_queue.open(offered.id, revision_id=offered.revision_id, at=NOW)
    await store.deployment_queue.begin(offered.id, at=NOW)
    verdict = Verdict(kind=VerdictKind.DEPLOYED, reason="x", at=NOW + timedelta(seconds=5))

    await asyncio.gather(*(conclusion.conclude(store.database, offered.id, verdict) for _ in range(3)))

    table = deployment_figures.table
    rows = await store.database.read(lambda c: c.execute(sa.select(table)).mappings().all())
    assert [(row["deployed"], row["failed"], row["at"]) for row in rows] == [(True, False, int(verdict.at.timestamp()))]
