"""A run as a graph, to scale."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sealane.pipelines.model import StepStatus
from sealane.records.deployments import DeploymentState
from sealane.records.runs import RunStep
from sealane.records.views import RunService, RunView
from sealane.server.pages import chart_views
from sealane.server.pages.presenters import run_graph
from sealane.verdicts.model import Verdict, VerdictKind
from tests.unit.approvals.deployments import NOON, deployment, run_view

END = NOON + timedelta(seconds=100)


def step(key: str, *needs: str, span: tuple[float, float | None] | None = None, **more: Any) -> RunStep:
    """A step that ran from so many seconds to so many; None: it is running."""
    kind, _, name = key.partition("/")
    begin, end = span or (None, None)
    given: dict[str, Any] = {
        "status": StepStatus.WAITING if begin is None else StepStatus.RUNNING if end is None else StepStatus.PASSED,
        "started": NOON + timedelta(seconds=begin) if begin is not None else None,
        "ended": NOON + timedelta(seconds=end) if end is not None else None,
    }
    return RunStep(key=key, kind=kind, name=name, needs=needs, **{**given, **more})


def run_of(*steps: RunStep, **more: Any) -> RunView:
    return replace(run_view(), steps=steps, **more)


def test_a_run_that_has_not_begun_has_no_picture() -> None:
    assert run_graph.chart(run_of(step("step/lint")), NOON) is None


@pytest.mark.parametrize(
    ("reason", "told"), [(None, ("ended", "none", "50 s")), ("no image", ("failed", "bad", "10 s"))]
)
def test_a_service_that_never_came_up_does_not_outlast_its_run(reason: str | None, told: tuple[str, str, str]) -> None:
    """A run that was cancelled meanwhile looks the same a day later."""
    ended = NOON + timedelta(seconds=10) if reason else None
    service = RunService(name="db", started=NOON, ended=ended, reason=reason)
    run = replace(run_view().run, ended=NOON + timedelta(seconds=50))
    chart = run_graph.chart(run_of(services=(service,), run=run), END + timedelta(days=1))
    assert chart is not None
    (row,) = chart.rows
    assert (row.state, row.tone, row.time) == told
    assert row.bars[0].width == 100.0


def test_bars_stand_where_their_times_are() -> None:
    """A service first, what runs up to now, and what waits behind what it waits for."""
    service = RunService(name="db", started=NOON, ended=NOON + timedelta(seconds=10), reason=None)
    view = run_of(
        step("step/lint", span=(10, 30)),
        step("step/test", "step/lint", span=(30, None)),
        step("image/web", "step/test"),
        services=(service,),
    )
    chart = run_graph.chart(view, END)
    assert chart is not None
    told = [(row.name, row.kind, row.state, row.time, row.after) for row in chart.rows]
    assert told == [
        ("db", "service", "healthy", "10 s", ""),
        ("lint", "", "passed", "20 s", ""),
        ("test", "", "running", "1 min 10 s", "lint"),
        ("web", "image", "waiting", "", "test"),
    ]
    assert [(bar.x, bar.width, bar.tone) for row in chart.rows for bar in row.bars] == [
        (0.0, 10.0, "ok"),
        (10.0, 20.0, "ok"),
        (30.0, 70.0, "run"),
        (100.0, 0.0, "none"),
    ]
    row = chart_views.ROW
    assert [(edge.x, edge.y // row, edge.to_x, edge.to_y // row) for edge in chart.edges] == [
        (30.0, 1, 30.0, 2),
        (100.0, 2, 100.0, 3),
    ]
    assert chart.height == 4 * row


def test_a_delivery_is_where_its_deployment_is() -> None:
    """It leads there, tells what became of it, and its wait for approval does not stretch the picture."""
    begun = NOON + timedelta(hours=3)
    verdict = Verdict(kind=VerdictKind.ROLLED_BACK, reason="it ended", at=begun + timedelta(seconds=10))
    made = deployment(
        formation="production",
        state=DeploymentState.ENDED,
        started=begun,
        ended=begun + timedelta(seconds=10),
        verdict=verdict,
    )
    view = run_of(
        step("step/test", span=(0, 10)),
        step("deliver/production", "step/test", span=(10, 10)),
        deployments=(made,),
    )
    chart = run_graph.chart(view, begun + timedelta(days=1))
    assert chart is not None
    row = chart.rows[1]
    assert (row.kind, row.state, row.time, row.href) == ("delivery", "rolled back", "10 s", "/deployments/d-1")
    assert [(bar.x, bar.width, bar.tone) for bar in row.bars] == [(47.5, 5.0, "none"), (52.5, 47.5, "bad")]
    assert [cut.words for cut in chart.cuts] == ["3 h"]


def test_only_direct_needs_are_drawn() -> None:
    """What another need needs already says nothing new; a need that is not there is left out."""
    needs = {"a": (), "b": ("a",), "c": ("a", "b", "gone"), "d": ("a",), "e": ("a", "b", "c", "d")}
    assert run_graph.reduced(needs) == {"a": (), "b": ("a",), "c": ("b",), "d": ("a",), "e": ("c", "d")}


def test_a_thousand_steps_are_cut_and_counted() -> None:
    steps = [step(f"step/{at}", *(f"step/{number}" for number in range(at)), span=(at, at + 1)) for at in range(300)]
    chart = run_graph.chart(run_of(*steps), END)
    assert chart is not None
    assert (len(chart.rows), chart.more, len(chart.edges)) == (200, 100, 199)
