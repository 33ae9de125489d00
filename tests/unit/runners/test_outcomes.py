"""What a container's end means for its step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sealane.clients.engine.model import ContainerState, Phase
from sealane.pipelines.model import StepStatus
from sealane.runners import outcomes, scripts
from sealane.runners.outcomes import ExitContext

T = datetime(2026, 1, 1, tzinfo=UTC)


def ended(code: int, **more: Any) -> ContainerState:
    return ContainerState(phase=Phase.ENDED, exit_code=code, **more)


@pytest.mark.parametrize(
    ("state", "around", "status", "reason"),
    [
        (ended(0), {}, StepStatus.PASSED, None),
        (ended(0), {"engine_was_away": True}, StepStatus.PASSED, None),
        (ended(1), {}, StepStatus.FAILED, "exit code 1"),
        (ended(1), {"disk_full": True}, StepStatus.FAILED, "exit code 1; it says that a disk is full"),
        (
            ended(1),
            {"reads_input": True},
            StepStatus.FAILED,
            "exit code 1; `read` finds no input: a step has none, so give the command what it asks for by environment: or a file",
        ),
        (ended(2), {"reads_input": True}, StepStatus.FAILED, "exit code 2"),
        (ended(137), {}, StepStatus.FAILED, "ended by SIGKILL (exit code 137)"),
        (ended(255), {}, StepStatus.FAILED, "exit code 255"),
        (ended(137, out_of_memory=True), {}, StepStatus.FAILED, "out of memory (exit code 137)"),
        (ended(143), {"timed_out": timedelta(minutes=90)}, StepStatus.FAILED, "took longer than 1h30m and was ended"),
        (
            ended(143),
            {"engine_was_away": True},
            StepStatus.BROKEN,
            "the container engine went away while it ran (ended by SIGTERM (exit code 143))",
        ),
        (None, {}, StepStatus.BROKEN, "its container was removed by somebody else while it ran"),
    ],
)
def test_an_end_and_its_circumstances_make_a_result(
    state: ContainerState | None, around: dict[str, Any], status: StepStatus, reason: str | None
) -> None:
    result = outcomes.result(state, ExitContext(**around), begun=T, now=T + timedelta(seconds=1))
    assert (result.status, result.reason) == (status, reason)


def test_the_engines_times_win_and_never_run_backwards() -> None:
    started = T + timedelta(seconds=5)
    result = outcomes.result(ended(0, started=started, ended=T), ExitContext(), begun=T, now=T)
    assert (result.started, result.ended) == (started, started)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(milliseconds=200), "200ms"),
        (timedelta(seconds=45), "45s"),
        (timedelta(minutes=10), "10m"),
        (timedelta(hours=1, minutes=30), "1h30m"),
        (timedelta(minutes=1, seconds=5), "1m5s"),
    ],
)
def test_lengths_of_time_are_told_as_they_are_written(length: timedelta, text: str) -> None:
    assert outcomes.span(length) == text


@pytest.mark.parametrize(
    ("commands", "printed", "reads"),
    [
        (["read name"], "", True),
        (["echo hi", "IFS= read -r line"], "", True),
        (["printf 'Name: '\nread name"], "Name: ", True),
        (["read name", "make"], "", False),
        (["readelf -a x"], "", False),
        (["cat list | while read x; do y; done"], "", False),
    ],
)
def test_a_command_that_reads_what_no_step_has_is_known_by_the_logs_end(
    commands: list[str], printed: str, reads: bool
) -> None:
    log = "a line\n" + "".join(f"{scripts.shown_command(command)}\n" for command in commands) + printed
    assert scripts.reads_input(log.encode()) is reads
    assert not scripts.reads_input(b"+ a\n  " * 2000)
