"""What tests reported, as `sealane run` shows it: drawn, in lines, and never more than people read."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from sealane import run_events
from sealane.cli.screens import run_lines, run_live
from sealane.pipelines.model import Kind, PlannedStep, RunStatus, StepStatus
from sealane.reports import model as reports
from sealane.runs.model import RunResult, StepEnd

T = datetime(2026, 1, 1, tzinfo=UTC)


def report(failed: int, **more: Any) -> reports.Report:
    failing = tuple(
        reports.FailingTest(
            suite="carts",
            name=f"test_{number}",
            outcome=reports.Outcome.FAILED,
            message="3 is not 4",
            file="carts.py",
            line=number,
        )
        for number in range(1, failed + 1)
    )
    counts = {"files": 1, "tests": 142, "errors": 0, "skipped": 3, "flaky": 0, "seconds": None, "notes": ()}
    return reports.Report(**{**counts, "failed": failed, "failing": failing, **more})


def told(*read_reports: reports.Report) -> list[run_events.RunEvent]:
    step = PlannedStep(key="step/test", kind=Kind.STEP, name="test")
    facts: list[run_events.RunEvent] = [run_events.RunStarted(run="r", app="shop", steps=(step,), at=T)]
    for attempt, report in enumerate(read_reports, start=1):
        facts += [
            run_events.StepStarted(run="r", key=step.key, attempt=attempt, at=T),
            run_events.ReportsRead(run="r", key=step.key, attempt=attempt, report=report, at=T),
        ]
    return [*facts, run_events.StepEnded(run="r", key=step.key, status=StepStatus.FAILED, reason="exit code 1", at=T)]


def drawn(*read_reports: reports.Report, encoding: str = "utf-8") -> str:
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    screen = run_live.LiveScreen(Console(file=output, width=100, force_terminal=False), now=lambda: T)
    for fact in told(*read_reports):
        screen.tell(fact)
    end = StepEnd(status=StepStatus.FAILED, reason="exit code 1", ended=T)
    screen.conclude(RunResult(status=RunStatus.FAILED, steps={"step/test": end}), 1)
    output.seek(0)
    return output.read()


def test_the_view_ends_with_the_last_attempts_failing_tests() -> None:
    text = drawn(report(3), report(2, notes=("no file matches b.xml",)))
    assert "142 tests, 2 failed, 3 skipped; exit code 1" in text
    assert "test: 142 tests, 2 failed, 3 skipped\n  carts: test_1: 3 is not 4 (carts.py:1)\n" in text
    assert "test_3" not in text
    assert "  no file matches b.xml\n" in text


def test_what_passed_is_counted_on_its_line_only() -> None:
    assert drawn(report(0)).count("142 tests, 3 skipped") == 1


@pytest.mark.parametrize("show", ["drawn", "lines"])
def test_many_failing_tests_are_not_all_shown(show: str, capsys: pytest.CaptureFixture[str]) -> None:
    if show == "drawn":
        text = drawn(report(60))
    else:
        screen = run_lines.PlainScreen()
        for fact in told(report(60)):
            screen.tell(fact)
        text = capsys.readouterr().err
    assert text.count("3 is not 4") == 20
    assert "and 40 more" in text


def test_counts_leave_out_what_there_is_none_of() -> None:
    assert report(0, tests=1, skipped=0).words == "1 test"
    assert report(1, errors=1, flaky=2, skipped=0).words == "142 tests, 1 failed, 1 error, 2 flaky"
    assert report(0, files=0, tests=0).words == "no test report"
