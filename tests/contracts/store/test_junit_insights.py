"""Insights of tests: what is kept of reports is bounded, flaky means on one commit, and lists are as long as figures say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from sealane.blobs.logs import Logs
from sealane.insights import definitions
from sealane.insights.model import Question, RankedTests, Span, WrongTest
from sealane.pipelines.model import RunStatus
from sealane.records.filters import Filter, Ran
from sealane.records.runs import StepReport
from sealane.records.scopes import EVERYTHING, Scope
from sealane.reports.model import CaseResult, FailingTest, Outcome, Report
from sealane.store import app_tables, figure_tables, junit_insights, lists, migration, rows, run_tables
from sealane.store.all_stores import Store
from sealane.store.database import Database

from .samples import NOON, app, push

SPAN = Span.up_to(NOON + timedelta(days=2), 30)
KEY = "step/test"
REPORT = Report(files=1, tests=1, failed=0, errors=0, skipped=0, flaky=0, seconds=None, failing=(), notes=())


def passed(name: str, seconds: float | None = 0.0) -> CaseResult:
    return CaseResult(title=name, failed=False, passed=True, seconds=seconds)


def failed(name: str) -> CaseResult:
    return CaseResult(title=name, failed=True, passed=False, seconds=9.0)


QUICK = tuple(passed(f"quick {number}", 1 + number / 100) for number in range(50))
"""More than are kept."""


async def ran(
    store: Store, commit: int, *attempts: tuple[CaseResult, ...], ends: bool = True, app: str = "shop"
) -> str:
    """A run of the commit whose step was tried so often."""
    number = len(await store.views.runs(limit=200))
    event = replace(push(f"{number}", app_name=app), commit=f"{commit:040}", delivery=f"d{number}")
    run = (await store.events.receive(event, source="test", requested_by="test")).run_id
    for attempt, cases in enumerate(attempts, start=1):
        reported = StepReport(key=KEY, attempt=attempt, report=REPORT)
        await store.reports.put(run, reported, cases=cases, at=NOON)
    if ends:
        await store.runs.end(run, at=NOON + timedelta(minutes=number), status=RunStatus.CANCELLED)
    return run


async def asked(store: Store, question: Question | None = None, scope: Scope = EVERYTHING) -> RankedTests:
    about = question or Question(span=SPAN, app="shop")
    return await store.database.read(lambda c: junit_insights.tests(c, about, scope))


async def kept(store: Store, run: str, attempt: int = 1) -> set[str]:
    table = figure_tables.test_figures.c
    query = sa.select(table.test).where(table.run_id == run, table.attempt == attempt)
    return set(await store.database.read(lambda c: c.execute(query).scalars().all()))


def wrong(wrong_tests: tuple[WrongTest, ...]) -> dict[str, int]:
    return {test.name: test.runs for test in wrong_tests}


async def test_flaky_is_what_failed_and_passed_on_one_commit(store: Store) -> None:
    """In another attempt, in another run of the commit, in whichever order, or in one attempt; never on another commit."""
    both = CaseResult(title="at once", failed=True, passed=True)
    await ran(
        store, 1, (failed("again"), failed("always"), passed("slow", 60)), (passed("again"), failed("always"), both)
    )
    await ran(store, 1, (passed("again"), failed("slow")))
    await ran(store, 2, (passed("always"),))

    ranked = await asked(store)

    assert wrong(ranked.flakiest) == {"again": 2, "at once": 1, "slow": 1}
    assert wrong(ranked.failing) == {"again": 1, "always": 1, "at once": 1, "slow": 1}
    assert ranked.flakiest[0] == WrongTest(app="shop", step=KEY, name="again", runs=2)


async def test_the_slowest_are_those_that_take_long_when_they_pass(store: Store) -> None:
    for seconds in (60, 120, 30):
        await ran(store, seconds, (passed("slow", seconds), passed("slower", 100), failed("fails"), *QUICK))

    ranked = await asked(store)

    told = [(test.name, test.runs, test.median, test.p95) for test in ranked.slowest[:2]]
    assert told == [("slower", 3, 100.0, 100.0), ("slow", 3, 60.0, 120.0)]
    assert len(ranked.slowest) == junit_insights.MOST
    assert "fails" not in {test.name for test in ranked.slowest}
    assert (await asked(store, Question(span=SPAN))).slowest == ()


async def test_what_is_kept_of_an_attempt_is_bounded(store: Store) -> None:
    """The failed, the slowest, and those that failed on the branch before; put again it takes the place of what was there."""
    first = await ran(store, 1, (*QUICK, failed("breaks"), passed("untimed", None)))
    again = await ran(store, 2, (*QUICK, passed("breaks"), passed("untimed", None)))

    slowest = {case.title for case in QUICK[-definitions.SLOWEST :]}
    assert await kept(store, first) == {*slowest, "breaks"}
    assert await kept(store, again) == {*slowest, "breaks"}

    reported = StepReport(key=KEY, attempt=1, report=REPORT)
    await store.reports.put(again, reported, cases=(failed("other"),), at=NOON)

    assert await kept(store, again) == {"other"}
    assert wrong((await asked(store)).failing) == {"breaks": 1, "other": 1}


async def test_a_run_counts_when_it_has_ended_and_where_it_may_be_read(store: Store) -> None:
    await store.apps.add(replace(app("other"), owner="search"), by="ann")
    run = await ran(store, 1, (failed("mine"),), ends=False)
    await ran(store, 1, (failed("theirs"),), app="other")
    every = Question(span=SPAN)

    assert wrong((await asked(store, every)).failing) == {"theirs": 1}
    await store.runs.end(run, at=NOON, status=RunStatus.FAILED)
    assert wrong((await asked(store, every)).failing) == {"mine": 1, "theirs": 1}
    assert wrong((await asked(store, replace(every, team="search"))).failing) == {"theirs": 1}
    assert wrong((await asked(store, every, Scope(apps=frozenset({"shop"})))).failing) == {"mine": 1}
    assert (
        wrong((await asked(store, replace(every, span=Span.up_to(datetime(2020, 1, 1, tzinfo=UTC), 7)))).failing) == {}
    )


async def test_figures_lead_to_the_runs_behind_them(store: Store) -> None:
    await ran(store, 1, (failed("x"), passed("y", 3)), (failed("x"), passed("y", 3)))
    await ran(store, 1, (passed("x", 2), passed("y", 5)))
    await ran(store, 2, (failed("x"),))
    ranked = await asked(store)
    span = Filter(app="shop", step=KEY, since=SPAN.since, until=SPAN.until)

    assert (wrong(ranked.failing), wrong(ranked.flakiest)) == ({"x": 2}, {"x": 1})
    assert {test.name: test.runs for test in ranked.slowest} == {"x": 1, "y": 2}
    for only, count in (
        (replace(span, test="x", ran=Ran.FAILED), 2),
        (replace(span, test="x", ran=Ran.FLAKY), 1),
        (replace(span, test="x", ran=Ran.PASSED), 1),
        (replace(span, test="y", ran=Ran.PASSED), 2),
        (replace(span, test="x"), 3),
        (replace(span, step=None, ran=Ran.FLAKY), 1),
        (replace(span, test="z"), 0),
    ):
        listed = await store.database.read(lambda c, o=only: lists.list_runs(c, EVERYTHING, o, 50, None))  # type: ignore[misc]
        assert len(listed) == count, only


async def test_what_failed_before_an_upgrade_is_counted(empty_url: str, tmp_path: Path) -> None:
    """A migration reads it from the reports that are kept, each name once."""
    database = Database(empty_url)
    migration.migrate(database, to="0040")
    test = FailingTest(suite="cart", name="sums", outcome=Outcome.ERROR, message="no")
    report = rows.plain(replace(REPORT, failed=2, failing=(test, test)))
    run = {"id": "r-1", "app": "shop", "sequence": 1, "event": {}, "kind": "push", "status": "failed"}

    def older(connection: sa.Connection) -> None:
        connection.execute(sa.insert(app_tables.apps).values(rows.fields(app("shop"))))
        connection.execute(sa.insert(run_tables.runs).values({**run, "created": NOON, "ended": NOON}))
        values = {"run_id": "r-1", "key": KEY, "attempt": 1, "report": report, "read": NOON}
        connection.execute(sa.insert(run_tables.step_reports).values(values))

    database.write_now(older)
    database.close()
    store = await Store.open(empty_url, logs=Logs(tmp_path))

    assert (await asked(store)).failing == (WrongTest(app="shop", step=KEY, name="cart: sums", runs=1),)
    await store.close()
