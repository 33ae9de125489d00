"""A run in plain lines: the output of steps goes to stdout after the step's name, their progress to stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sealane import run_events
from sealane.cli import output
from sealane.cli.screens import run_messages, terminal
from sealane.cli.screens.run_progress import Progress
from sealane.reports import model as reports
from sealane.runs.local_run import LocalRun
from sealane.runs.model import RunResult

_PALETTE = ("cyan", "magenta", "blue", "yellow", "green")


class PlainScreen:
    """Prints whole lines, each with the name of its step."""

    def __init__(self) -> None:
        self._progress = Progress()
        self._lines: dict[str, terminal.Lines] = {}
        self._width = 0

    @contextmanager
    def shown(self, assembled: LocalRun) -> Iterator[None]:
        """Prints what is run first."""
        output.findings(assembled.warnings, to_stderr=True)
        output.say(run_messages.heading(assembled.work))
        yield

    def tell(self, signal: run_events.RunEvent) -> None:
        """Prints the event for people."""
        self._progress.tell(signal)
        match signal:
            case run_events.RunStarted():
                self._width = max((len(row.name) for row in self._progress.rows.values()), default=0)
            case run_events.ServiceStarted() | run_events.ServiceHealthy() | run_events.ServiceFailed():
                self._service(signal)
            case run_events.StepStarted():
                self._lines[signal.key] = terminal.Lines()
                again = f", attempt {signal.attempt}" if signal.attempt > 1 else ""
                self._say(self._progress.label(signal.key), f"started{again}")
            case run_events.LogWritten():
                self._print(signal.key, self._lines[signal.key].feed(signal.data))
            case run_events.ReportsRead():
                self._close(signal.key)
                for line, is_wrong in reports.spoken(signal.report, most=run_messages.TESTS_SHOWN):
                    self._say(self._progress.label(signal.key), line, "red" if is_wrong else "dim")
            case run_events.StepRetried():
                self._close(signal.key)
                self._say(self._progress.label(signal.key), f"{signal.reason}; trying again", "yellow")
            case run_events.StepEnded():
                self._close(signal.key)
                row = self._progress.rows[signal.key]
                self._say(row.name, run_messages.row_state(row, signal.at), *run_messages.STYLES[row.status])
            case _:
                pass

    def say(self, text: str) -> None:
        """Prints a message."""
        output.say(text)

    def conclude(self, result: RunResult, exit_code: int) -> None:
        """Prints the result in one line."""
        output.say(run_messages.verdict(self._progress, result), "bold", *run_messages.COLOURS[result.status])
        if result.leftovers:
            output.error(result.leftovers, "the next `sealane run` tries again")

    def _service(
        self, signal: run_events.ServiceStarted | run_events.ServiceHealthy | run_events.ServiceFailed
    ) -> None:
        match signal:
            case run_events.ServiceStarted():
                self._say(signal.service, "starting")
            case run_events.ServiceHealthy():
                self._say(signal.service, "healthy", "green")
            case run_events.ServiceFailed():
                self._print(f"service/{signal.service}", signal.log.splitlines())
                self._say(signal.service, signal.reason, "red")

    def _print(self, key: str, lines: list[str]) -> None:
        if not lines:
            return
        label = self._progress.label(key).ljust(self._width)
        colour = _PALETTE[list(self._progress.rows).index(key) % len(_PALETTE)] if key in self._progress.rows else "dim"
        prefix = output.style(f"{label} |", colour)
        output.data("\n".join(f"{prefix} {line}".rstrip() for line in lines))

    def _close(self, key: str) -> None:
        if lines := self._lines.pop(key, None):
            self._print(key, lines.close())

    def _say(self, label: str, text: str, *styles: str) -> None:
        output.say(f"{label.ljust(self._width)} : {text}", *(styles or ("dim",)))
