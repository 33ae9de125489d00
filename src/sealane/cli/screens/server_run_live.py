"""A run on a server drawn live: a line for each step, and below them each deployment."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from sealane import clock, controls
from sealane.cli import output
from sealane.cli.screens import rollout_live, run_progress, server_run_lines
from sealane.cli.screens.rollout_messages import Wait

_FRAMES = rollout_live.FRAMES
_MARKS = {
    "waiting": ("·", "dim"),
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "broken": ("!", "red"),
    "skipped": ("–", "dim"),  # noqa: RUF001 - a dash is meant
    "cancelled": ("■", "yellow"),
}


class Drawn(server_run_lines.Lines):
    """A block that is redrawn; its last state stays."""

    def __init__(self, console: Console | None = None, now: clock.Clock = clock.now) -> None:
        super().__init__()
        self._console = console or Console(stderr=True, highlight=False, no_color=not output.coloured(sys.stderr))
        self._now = now
        self._deployments: list[rollout_live.Drawn] = []

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draws during the run; the complete last frame stays."""
        with Live(self, console=self._console, transient=True, refresh_per_second=10, redirect_stdout=False):
            yield
        for line in self._frame(self._console.width):
            self._console.print(line, soft_wrap=True)

    def deployment(self, formation: str) -> rollout_live.Drawn:
        """The screen of one of its deployments: it draws nothing by itself."""
        del formation  # the block's heading names it
        drawn = rollout_live.Drawn(self._console, self._now)
        self._deployments.append(drawn)
        return drawn

    def opened(self) -> None:
        """Shown by the next frame."""

    def changed(self, waits: tuple[Wait, ...]) -> None:
        """Shown by the next frame."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """One frame, no taller than the terminal."""
        if not self.heading:
            yield Text("asking the server …", style="dim")
            return
        lines = self._frame(options.max_width)
        room = max(3, console.size.height - 2)
        yield from lines if len(lines) <= room else [lines[0], *lines[1 - room :]]

    def _frame(self, width: int) -> list[Text]:
        now = self._now()
        lines = [self._head(now, width)]
        for wait in self.waits:
            lines += rollout_live.wait(wait, self._console, width, mark=_FRAMES[0])
        lines += [self._step(step, now, width) for step in self.steps]
        for drawn in self._deployments:
            lines += drawn.frame(width)
        return lines

    def _head(self, now: datetime, width: int) -> Text:
        time = run_progress.span((now - self.started).total_seconds()) if self.started else ""
        head = Text(controls.removed(self.heading), style="bold")
        head.truncate(max(4, width - len(time) - 2), overflow="ellipsis")
        head.append(f"  {time}", style="dim")
        return head

    def _step(self, step: dict[str, Any], now: datetime, width: int) -> Text:
        frame = _FRAMES[int(now.timestamp() * 10) % len(_FRAMES)]
        mark, style = _MARKS.get(step["status"], (frame, "cyan"))
        names = min(max(len(server_run_lines.name(step)) for step in self.steps), max(8, width - 26))
        shown = Text(controls.removed(server_run_lines.name(step)))
        shown.truncate(names, overflow="ellipsis", pad=True)
        begun, ended = (datetime.fromisoformat(at) if at else None for at in (step["started"], step["ended"]))
        time = run_progress.span(((ended or now) - begun).total_seconds()) if begun else ""
        reason = controls.removed(step["reason"] or "")
        line = Text.assemble("  ", (f"{mark} ", style), shown, (f"  {time:>6}", "dim"), (f"  {reason}".rstrip(), "dim"))
        line.truncate(width, overflow="ellipsis")
        return line
