"""What tests of steps reported is kept by run, step and attempt, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sealane.errors import Conflicting
from sealane.pipelines.model import Kind, Plan, PlannedStep, RunStatus
from sealane.records.accounts import AuditFilter
from sealane.records.runs import StepReport
from sealane.reports.model import FailingTest, Outcome, Report
from sealane.store.all_stores import Store

from . import samples

REPORT = Report(
    files=1,
    tests=3,
    failed=1,
    errors=0,
    skipped=0,
    flaky=1,
    seconds=0.5,
    failing=(FailingTest(suite="a", name="ü 'b'", outcome=Outcome.FAILED, message="no", file="a.py", line=3),),
    notes=("no file matches b.xml",),
)


async def _run(store: Store) -> str:
    run_id = (await store.events.receive(samples.push("a"), source="test")).run_id
    steps = (PlannedStep(key=f"step/{name}", kind=Kind.STEP, name=name) for name in ("test", "lint"))
    await store.runs.planned(run_id, Plan(steps=tuple(steps)), (), at=samples.NOON)
    return run_id


async def test_what_is_put_again_takes_the_place_of_what_was_there(store: Store) -> None:
    """A step that is repeated after a crash leaves one report an attempt, the last one read."""
    run_id = await _run(store)
    first = StepReport(key="step/test", attempt=1, report=REPORT)
    again = replace(first, report=replace(REPORT, tests=4))

    await store.reports.put(run_id, first, at=samples.NOON)
    await store.reports.put(run_id, again, at=samples.NOON)

    assert (await store.views.run(run_id)).reports == (again,)


async def test_reports_come_in_the_order_of_steps_and_attempts(store: Store) -> None:
    """And only those of the run that was asked for."""
    run_id = await _run(store)
    other = (await store.events.receive(samples.push("b"), source="test")).run_id
    wanted = [
        StepReport(key=key, attempt=attempt, report=REPORT)
        for key, attempt in (("step/test", 1), ("step/test", 2), ("step/lint", 1))
    ]

    for reported in reversed(wanted):
        await store.reports.put(run_id, reported, at=samples.NOON)

    assert list((await store.views.run(run_id)).reports) == wanted
    assert (await store.views.run(other)).reports == ()


async def test_reports_of_an_ended_run_are_erased_and_who_did_it_is_kept(store: Store) -> None:
    """Not while it goes on: a step that is resumed would report again."""
    run_id = await _run(store)
    await store.reports.put(run_id, StepReport(key="step/test", attempt=1, report=REPORT), at=samples.NOON)
    with pytest.raises(Conflicting, match=f"run {run_id} goes on"):
        await store.reports.erase(run_id, by="kim", at=samples.NOON)
    await store.runs.end(run_id, at=samples.NOON, status=RunStatus.FAILED)
    await store.reports.erase(run_id, by="kim", at=samples.NOON)
    assert (await store.views.run(run_id)).reports == ()
    said = await store.views.audit(AuditFilter(kind="run.logs_erased"))
    assert [(event.actor, event.run) for event in said] == [("kim", run_id)]
