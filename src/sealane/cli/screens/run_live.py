"""A run drawn live: one line for each step with its state and time, and below them the last output."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from sealane import clock, controls, run_events
from sealane.cli import output
from sealane.cli.screens import run_messages, run_progress, terminal
from sealane.cli.screens.run_progress import Progress, Row
from sealane.pipelines.model import StepStatus
from sealane.reports import model as reports
from sealane.reports.model import Report
from sealane.runners import log_retention
from sealane.runs.local_run import LocalRun
from sealane.runs.model import RunResult

_TAIL = 10
_SHOWN_OF_A_FAILURE = 40
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_MARKS = {
    StepStatus.WAITING: "·",
    StepStatus.PASSED: "✓",
    StepStatus.FAILED: "✗",
    StepStatus.BROKEN: "!",
    StepStatus.SKIPPED: "–",  # noqa: RUF001 - a dash is meant
    StepStatus.CANCELLED: "■",
}
_BAD = {StepStatus.FAILED, StepStatus.BROKEN, StepStatus.CANCELLED}
_SIMPLE = str.maketrans({"·": ".", "✓": "+", "✗": "x", "–": "-", "■": "#", "│": "|", "…": "."})  # noqa: RUF001


class LiveScreen:
    """Redraws a small block at the bottom of the terminal, and leaves a summary at the end."""

    def __init__(self, console: Console | None = None, now: clock.Clock = clock.now) -> None:
        self._console = console or Console(highlight=False, no_color=not output.coloured(sys.stdout))
        self._now = now
        self._progress = Progress()
        self._heading = ""
        self._lines: dict[str, terminal.Lines] = {}
        self._tail: deque[tuple[str, str]] = deque(maxlen=_TAIL)
        self._ends: dict[str, deque[str]] = {}
        self._logs: log_retention.LogFolder | None = None
        self._live: Live | None = None
        self._plain = not self._console.encoding.lower().startswith("utf")

    @contextmanager
    def shown(self, assembled: LocalRun) -> Iterator[None]:
        """Draws during the run."""
        output.findings(assembled.warnings, to_stderr=True)
        self._heading = run_messages.heading(assembled.work)
        self._logs = log_retention.log_folder(assembled.work.run.value)
        with Live(self, console=self._console, transient=True, refresh_per_second=10, redirect_stderr=False) as live:
            self._live = live
            yield
        self._live = None

    def tell(self, signal: run_events.RunEvent) -> None:
        """Takes in one event; the next frame shows it."""
        self._progress.tell(signal)
        if self._logs:
            self._logs.tell(signal)
        match signal:
            case run_events.StepStarted():
                self._lines[signal.key] = terminal.Lines()
                self._ends[signal.key] = deque(maxlen=_SHOWN_OF_A_FAILURE)
            case run_events.LogWritten():
                self._print(signal.key, self._lines[signal.key].feed(signal.data))
            case run_events.StepEnded() if signal.key in self._lines:
                self._print(signal.key, self._lines.pop(signal.key).close())
            case run_events.ServiceFailed():
                self._ends[f"service/{signal.service}"] = deque(signal.log.splitlines(), maxlen=_SHOWN_OF_A_FAILURE)
            case _:
                pass

    def say(self, text: str) -> None:
        """A message that stays above the block."""
        self._console.print(Text(text, style="yellow"))

    def conclude(self, result: RunResult, exit_code: int) -> None:
        """The complete block once more, then the logs of failed steps, and the verdict."""
        now = self._now()
        width = self._console.width
        self._put(Text(self._heading, style="bold"))
        for row in self._progress.rows.values():
            self._put(self._row(row, now, width))
        for row in self._progress.rows.values():
            if row.report and (row.report.wrong or row.report.notes):
                self._report(row, row.report)
        for row in self._progress.rows.values():
            if row.status in {StepStatus.FAILED, StepStatus.BROKEN} and self._ends.get(row.key):
                self._failure(row, width)
        self._put(Text())
        self._put(
            Text(
                run_messages.verdict(self._progress, result),
                style=" ".join(("bold", *run_messages.COLOURS[result.status])),
            )
        )
        if self._logs and any(self._ends.values()):
            self._put(Text(f"whole logs: {self._logs.folder}", style="dim"))
        if result.leftovers:
            output.error(result.leftovers, "the next `sealane run` tries again")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """One frame, never taller or wider than the terminal."""
        now = self._now()
        width = options.max_width
        room = console.size.height - 1
        printed = self._printed()
        tail = max(0, min(len(printed), _TAIL, (room - 3) // 2))
        rows = room - 1 - (tail + 1 if tail else 0)
        yield self._simple(self._head(now, width))
        for row in self._fitting(rows, width):
            yield self._simple(row if isinstance(row, Text) else self._row(row, now, width))
        if tail:
            yield Text()
            yield from self._last(printed[-tail:], width)

    def _printed(self) -> list[tuple[str, str]]:
        """The last output and its step, including an unfinished line, such as a question."""
        open_lines = ((self._progress.label(key), lines.unfinished) for key, lines in self._lines.items())
        return [*self._tail, *((label, text) for label, text in open_lines if text)]

    def _last(self, shown: list[tuple[str, str]], width: int) -> Iterator[Text]:
        labels = min(max(len(label) for label, _ in shown), max(6, width // 4))
        for label, line in shown:
            who = Text(label, style="dim")
            who.truncate(labels, overflow="ellipsis", pad=True)
            text = Text.assemble("  ", who, (" │ ", "dim"), line)
            text.truncate(width, overflow="ellipsis")
            yield self._simple(text)

    def _head(self, now: datetime, width: int) -> Text:
        seconds = (now - self._progress.started).total_seconds() if self._progress.started else 0
        time = run_progress.span(seconds)
        head = Text(self._heading, style="bold")
        head.truncate(max(4, width - len(time) - 2), overflow="ellipsis")
        head.append(f"  {time}", style="dim")
        return head

    def _fitting(self, room: int, width: int) -> list[Row | Text]:
        """All rows; if they don't fit, the important ones: running, failed, and the next ones."""
        rows = list(self._progress.rows.values())
        if len(rows) <= room:
            return [*rows]
        room = max(0, room - 1)
        ahead = max(1, room // 4)
        waiting = [row for row in rows if row.status is StepStatus.WAITING]
        by_weight = [
            *(row for row in rows if row.status in _BAD),
            *(row for row in rows if row.status is StepStatus.RUNNING),
            *waiting[:ahead],
            *(row for row in reversed(rows) if row.status in {StepStatus.PASSED, StepStatus.SKIPPED}),
            *waiting[ahead:],
        ]
        shown = {row.key for row in by_weight[:room]}
        hidden = Text(f"  … {run_progress.count(row for row in rows if row.key not in shown)}", style="dim")
        hidden.truncate(width, overflow="ellipsis")
        return [*(row for row in rows if row.key in shown), hidden]

    def _row(self, row: Row, now: datetime, width: int) -> Text:
        names = min(max(len(row_of_run.name) for row_of_run in self._progress.rows.values()), max(8, width - 26))
        style = " ".join(run_messages.STYLES[row.status])
        spinner = _FRAMES[int(now.timestamp() * 10) % len(_FRAMES)]
        mark = "*" if self._plain and row.status is StepStatus.RUNNING else _MARKS.get(row.status, spinner)
        seconds = row.seconds(now)
        time = run_progress.span(seconds) if seconds is not None else ""
        name = Text(row.name, style="dim" if row.status in {StepStatus.WAITING, StepStatus.SKIPPED} else "")
        name.truncate(names, overflow="ellipsis", pad=True)
        remark = row.reason or (row.word if row.word not in {"passed", "running", "waiting"} else "")
        if row.report and row.report.files:
            remark = f"{row.report.words}; {remark}" if remark else row.report.words
        text = Text.assemble(
            ("  "), (f"{mark} ", style), name, (f"  {time:>6}", "dim"), (f"  {remark}".rstrip(), "dim")
        )
        text.truncate(width, overflow="ellipsis")
        return text

    def _report(self, row: Row, report: Report) -> None:
        self._put(Text())
        (words, _), *lines = reports.spoken(report, most=run_messages.TESTS_SHOWN)
        self._put(Text(f"{row.name}: {words}", style="bold"))
        for line, is_wrong in lines:
            self._put(Text(line if is_wrong else f"  {line}", style="" if is_wrong else "dim"))

    def _failure(self, row: Row, width: int) -> None:
        self._put(Text())
        self._put(Text(f"{row.name}, the end of its log", style="bold"))
        for line in self._ends[row.key]:
            self._put(Text.assemble(("  │ ", "red"), line))
        self._put(Text())

    def _print(self, key: str, lines: list[str]) -> None:
        label = self._progress.label(key)
        self._tail.extend((label, line) for line in lines[-_TAIL:])
        self._ends[key].extend(lines)

    def _put(self, text: Text) -> None:
        self._console.print(self._simple(text), soft_wrap=True)

    def _simple(self, text: Text) -> Text:
        """Only characters of the terminal's encoding, without control sequences."""
        if text.plain != (clean := controls.removed(text.plain)):
            text.plain = clean
        if self._plain:
            text.plain = text.plain.translate(_SIMPLE)
        return text
