"""What a container's end means for its step. Pure."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from datetime import datetime, timedelta

from sealane.clients.engine.model import ContainerState
from sealane.pipelines.model import StepStatus
from sealane.runners.model import StepResult

_KILLED = 128 + signal.SIGKILL
REMOVED = "its container was removed by somebody else while it ran"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExitContext:
    """The circumstances of a container's end."""

    timed_out: timedelta | None = None
    """The timeout that ended it."""
    engine_was_away: bool = False
    disk_full: bool = False
    """It complained about a full disk."""
    reads_input: bool = False
    """Its last command is `read`."""
    memory: int | None = None
    """Its memory limit in bytes."""


def result(state: ContainerState | None, context: ExitContext, *, begun: datetime, now: datetime) -> StepResult:
    """How a step ended, from its container's last state; None when the container has vanished."""
    started = (state and state.started) or begun
    ended = (state and state.ended) or now
    status, reason = _verdict(state, context)
    exit_code = state.exit_code if state else None
    return StepResult(status=status, exit_code=exit_code, reason=reason, started=started, ended=max(started, ended))


def _verdict(state: ContainerState | None, context: ExitContext) -> tuple[StepStatus, str | None]:
    if state is None:
        return StepStatus.BROKEN, REMOVED
    if context.timed_out is not None:
        return StepStatus.FAILED, f"took longer than {span(context.timed_out)} and was ended"
    if state.exit_code == 0:
        return StepStatus.PASSED, None
    if context.engine_was_away:
        return StepStatus.BROKEN, f"the container engine went away while it ran ({exit_words(state)})"
    return StepStatus.FAILED, exit_words(state) + _hint(state, context)


def _hint(state: ContainerState, context: ExitContext) -> str:
    if context.disk_full:
        return "; it says that a disk is full"
    if context.reads_input and state.exit_code == 1:
        return (
            "; `read` finds no input: a step has none, so give the command what it asks for by environment: or a file"
        )
    return _of_memory(state, context.memory)


def _of_memory(state: ContainerState, memory: int | None) -> str:
    """Words about its memory limit, if the kernel killed it; engines may not know, but all other killers are recorded."""
    if memory is None or not (state.out_of_memory or state.exit_code == _KILLED):
        return ""
    amount = f"{memory / 1024**3:.3g} GiB" if memory >= 1024**3 else f"{memory / 1024**2:.3g} MiB"
    may = f"it may use {amount} (SEALANE_STEPS__MEMORY)"
    return f"; {may}" if state.out_of_memory else f", as the kernel does when there is no memory left; {may}"


def exit_words(state: ContainerState) -> str:
    """An exit code in words: "exit code 1", "out of memory (exit code 137)"."""
    code = state.exit_code or 0
    if state.out_of_memory:
        return f"out of memory (exit code {code})"
    if code > 128:
        try:
            return f"ended by {signal.Signals(code - 128).name} (exit code {code})"
        except ValueError:
            pass
    return f"exit code {code}"


def span(length: timedelta) -> str:
    """A duration as in files: 10m, 1h30m, 45s."""
    seconds = length.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    whole = round(seconds)
    parts = ((whole // 3600, "h"), (whole % 3600 // 60, "m"), (whole % 60, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count)
