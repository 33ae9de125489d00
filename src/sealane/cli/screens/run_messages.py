"""Messages about a run. Pure."""

from __future__ import annotations

from datetime import datetime

from sealane.cli.screens import run_progress
from sealane.cli.screens.run_progress import Progress, Row
from sealane.pipelines.model import RunStatus, StepStatus
from sealane.runners.model import RunContext
from sealane.runs.model import RunResult

STYLES: dict[StepStatus, tuple[str, ...]] = {
    StepStatus.WAITING: ("dim",),
    StepStatus.RUNNING: ("cyan",),
    StepStatus.PASSED: ("green",),
    StepStatus.FAILED: ("red",),
    StepStatus.BROKEN: ("magenta",),
    StepStatus.SKIPPED: ("dim",),
    StepStatus.CANCELLED: ("yellow",),
}

COLOURS: dict[RunStatus, tuple[str, ...]] = {
    RunStatus.WAITING: (),
    RunStatus.RUNNING: (),
    RunStatus.PASSED: ("green",),
    RunStatus.FAILED: ("red",),
    RunStatus.BROKEN: ("magenta",),
    RunStatus.SKIPPED: (),
    RunStatus.CANCELLED: ("yellow",),
}

TESTS_SHOWN = 20
"""Failing tests of one step that are shown; `--json` or the server has more."""


def heading(work: RunContext) -> str:
    """What is run: the app, the event, the commit."""
    event = work.event
    where = f" to {event.branch}" if event.branch else f" of {event.ref}" if event.ref else ""
    commit = f" at {event.commit[:7]}" if event.commit else ""
    return f"{work.pipeline.app}: {event.kind.value.replace('_', ' ')}{where}{commit}"


def row_state(row: Row, now: datetime) -> str:
    """A row's state: "passed in 1.2s", "failed in 4.0s: exit code 1", "skipped: test failed"."""
    seconds = row.seconds(now)
    time = f" in {run_progress.span(seconds)}" if seconds is not None else ""
    return f"{row.word}{time}{f': {row.reason}' if row.reason else ''}"


def verdict(progress: Progress, result: RunResult) -> str:
    """The last line: the run's result, the reason, and how long it took."""
    took = ""
    if progress.started and progress.ended:
        took = f" in {run_progress.span((progress.ended - progress.started).total_seconds())}"
    match result.status:
        case RunStatus.PASSED:
            return f"passed{took}: {run_progress.count(progress.rows.values())}"
        case RunStatus.FAILED | RunStatus.BROKEN:
            word = "failed" if result.status is RunStatus.FAILED else "could not be run"
            return f"{word}{took}: {'; '.join(_culprits(progress, result)) or 'see above'}"
        case RunStatus.CANCELLED:
            return f"interrupted{took}; everything it started is gone" if not result.leftovers else f"interrupted{took}"
        case _:
            return "nothing to do: every step was left out"


def _culprits(progress: Progress, result: RunResult) -> list[str]:
    guilty = StepStatus.FAILED if result.status is RunStatus.FAILED else StepStatus.BROKEN
    return [f"{progress.label(key)}: {end.reason}" for key, end in result.steps.items() if end.status is guilty]
