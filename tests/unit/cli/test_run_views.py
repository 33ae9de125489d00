"""A run as people see it: folded from signals, drawn in any size of terminal, told in lines."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from sealane import clock, run_events
from sealane.cli.screens import run_live, run_messages, run_progress
from sealane.events.model import Event, EventKind
from sealane.findings import Place
from sealane.pipelines.model import Kind, Pipeline, Plan, PlannedStep, RunStatus, StepStatus
from sealane.runners.model import RunContext, RunKey, Workspace
from sealane.runs.local_run import LocalRun
from sealane.runs.model import RunResult, StepEnd

T = datetime(2026, 1, 1, tzinfo=UTC)


def step(name: str, kind: Kind = Kind.STEP) -> PlannedStep:
    return PlannedStep(key=f"{kind}/{name}", kind=kind, name=name)


def at(seconds: float) -> datetime:
    return T + timedelta(seconds=seconds)


def begun(*names: str) -> run_events.RunStarted:
    return run_events.RunStarted(run="r", app="shop", steps=tuple(map(step, names)), at=T)


def started(name: str, seconds: float, attempt: int = 1) -> run_events.StepStarted:
    return run_events.StepStarted(run="r", key=f"step/{name}", attempt=attempt, at=at(seconds))


def ended(name: str, seconds: float, status: StepStatus = StepStatus.PASSED, reason: str = "") -> run_events.StepEnded:
    return run_events.StepEnded(run="r", key=f"step/{name}", status=status, reason=reason, at=at(seconds))


def printed(name: str, text: str) -> run_events.LogWritten:
    return run_events.LogWritten(run="r", key=f"step/{name}", attempt=1, data=text.encode())


def test_progress_is_folded_from_signals_with_services_first() -> None:
    told = run_progress.Progress()
    for signal in (
        begun("test", "build"),
        run_events.ServiceStarted(run="r", service="db", at=at(0)),
        run_events.ServiceHealthy(run="r", service="db", at=at(2)),
        started("test", 2),
        run_events.StepRetried(
            run="r", key="step/test", attempt=1, status=StepStatus.FAILED, reason="exit code 1", at=at(3)
        ),
        started("test", 3, attempt=2),
        ended("test", 5, StepStatus.FAILED, "exit code 1"),
    ):
        told.tell(signal)
    db, test, build = told.rows.values()
    assert (db.name, db.word, db.seconds(at(9))) == ("db", "healthy", 2)
    assert (test.word, test.seconds(at(9)), test.reason, test.attempt) == ("failed", 3, "exit code 1", 2)
    assert (build.word, build.seconds(at(9))) == ("waiting", None)
    assert run_progress.count(told.rows.values()) == "1 healthy, 1 failed, 1 waiting"
    assert run_messages.row_state(test, at(9)) == "failed in 3.0s: exit code 1"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0s"), (9.96, "10.0s"), (59.94, "59.9s"), (59.96, "1m00s"), (245, "4m05s"), (3720, "1h02m"), (-1, "0.0s")],
)
def test_lengths_of_time_are_short(seconds: float, text: str) -> None:
    assert run_progress.span(seconds) == text


class Drawn:
    """A live view on a terminal of a given size, with a clock that stands."""

    def __init__(self, width: int, height: int, *names: str) -> None:
        self.out = io.StringIO()
        self.clock = clock.SetClock(T)
        console = Console(
            file=self.out, width=width, height=height, force_terminal=True, color_system=None, legacy_windows=False
        )
        self.console = console
        self.screen = run_live.LiveScreen(console, self.clock)
        self.screen.tell(begun(*names))

    def frame(self) -> list[str]:
        with self.console.capture() as captured:
            self.console.print(self.screen)
        return captured.get().splitlines()


def test_a_frame_shows_each_step_its_state_and_time_and_what_is_printed_last() -> None:
    drawn = Drawn(60, 20, "lint", "test", "build")
    for signal in (
        started("lint", 0),
        printed("lint", "fine\n"),
        ended("lint", 1.5),
        started("test", 1.5),
        printed("test", "one\ntwo"),
    ):
        drawn.screen.tell(signal)
    drawn.clock.advance(timedelta(seconds=4))
    frame = drawn.frame()
    assert frame[1] == "  ✓ lint     1.5s"
    assert frame[2].startswith("  ⠋ test     2.5s")
    assert frame[3].rstrip() == "  · build"
    assert frame[5:] == ["  lint │ fine", "  test │ one", "  test │ two"]  # the last one is still being written


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("height", [6, 12, 24])
@pytest.mark.parametrize("count", [1, 5, 60])
def test_no_frame_is_taller_or_wider_than_the_terminal(width: int, height: int, count: int) -> None:
    names = [f"step-{number}-with-a-rather-long-name" for number in range(count)]
    drawn = Drawn(width, height, *names)
    for number, name in enumerate(names[:-1]):
        drawn.screen.tell(started(name, number))
        drawn.screen.tell(printed(name, "a line that is longer than most terminals are wide " * 4 + "\n"))
        if number % 3:
            drawn.screen.tell(
                ended(name, number + 1, StepStatus.FAILED if number == 4 else StepStatus.PASSED, "because " * 30)
            )
    frame = drawn.frame()
    assert len(frame) < height
    assert all(len(line) <= width for line in frame)
    if count == 60 and height == 24:
        assert any("step-4-" in line for line in frame)  # what failed is never among the hidden
        assert any(line.startswith("  … ") for line in frame)


def test_a_terminal_without_unicode_gets_plain_characters() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    console = Console(file=out, width=60, height=20, force_terminal=True, color_system=None)
    screen = run_live.LiveScreen(console, clock.SetClock(T))
    for signal in (begun("a", "b", "c"), started("a", 0), ended("a", 1), started("b", 1), printed("b", "hello\n")):
        screen.tell(signal)
    with console.capture() as captured:
        console.print(screen)
    assert captured.get().isascii()


def test_what_failed_is_shown_at_the_end_with_its_log_and_where_the_whole_of_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    drawn = Drawn(80, 24, "test", "build")
    event = Event(kind=EventKind.PUSH, app="shop", branch="main", commit="8c21f0e" + "0" * 33, received=T)
    work = RunContext(
        run=RunKey(value="shop-1"),
        pipeline=Pipeline(app="shop", place=Place(file="f")),
        plan=Plan(),
        event=event,
        workspace=Workspace(folder=tmp_path),
    )
    with drawn.screen.shown(LocalRun(work=work)):
        for signal in (
            started("test", 0),
            printed("test", "first\nlast words"),
            ended("test", 2, StepStatus.FAILED, "exit code 1"),
            ended("build", 2, StepStatus.SKIPPED, "test failed"),
            run_events.RunEnded(run="r", status=RunStatus.FAILED, at=at(3)),
        ):
            drawn.screen.tell(signal)
    drawn.out.truncate(0)
    ends = {"step/test": StepEnd(status=StepStatus.FAILED, reason="exit code 1", ended=T)}
    drawn.screen.conclude(RunResult(status=RunStatus.FAILED, steps=ends), 1)
    text = drawn.out.getvalue()
    assert "shop: push to main at 8c21f0e" in text
    assert "  ✗ test     2.0s  exit code 1" in text
    assert "  │ first\n  │ last words\n" in text
    assert "failed in 3.0s: test: exit code 1" in text
    assert (tmp_path / "sealane" / "runs" / "shop-1" / "step-test.log").read_bytes() == b"first\nlast words"
