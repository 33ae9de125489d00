"""A deployment drawn live: what has happened, how far each workload is, and what is waited for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from sealane import clock, controls
from sealane.cli import output, progress
from sealane.cli.rollout_lines import Lines
from sealane.rollouts import model as rollouts
from sealane.rollouts.recording import Record
from sealane.stencils.model import Revision
from sealane.verdicts import model as verdicts
from sealane.verdicts import sentences

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_UNREADY_SHOWN = 5


class Drawn(Lines):
    """A block that is redrawn, and what is left of it at the end."""

    def __init__(self, console: Console | None = None, now: clock.Clock = clock.now) -> None:
        super().__init__()
        self._console = console or Console(stderr=True, highlight=False, no_color=not output.coloured(sys.stderr))
        self._now = now

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draws while it goes on; what has happened stays."""
        with Live(self, console=self._console, transient=True, refresh_per_second=10, redirect_stdout=False):
            yield
        if self.story.heading:
            self._console.print(self._head())
        for at, line in self.story.lines:
            self._console.print(self._past(at, line), soft_wrap=True)

    def begin(self, record: Record, revision: Revision) -> None:
        """It has its number."""
        self.story.begin(record, revision)

    def tell(self, told: rollouts.Progress) -> None:
        """The next frame shows it."""
        self.story.tell(told)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """One frame, no taller than the terminal."""
        if not self.story.heading:
            yield Text("asking the destination …", style="dim")
            return
        lines = [self._head(), *(self._past(at, line) for at, line in self.story.lines)]
        if (latest := self.story.latest) and latest.observation:
            lines += self._now_there(latest)
        for line in lines[-max(3, console.size.height - 2) :]:
            line.truncate(options.max_width, overflow="ellipsis")
            yield line

    def _head(self) -> Text:
        time = progress.span(self.story.seconds(self._now()))
        return Text.assemble((controls.removed(self.story.heading), "bold"), (f"  {time}", "dim"))

    def _past(self, at: datetime, line: str) -> Text:
        style = "red" if line.startswith("judged failed") else ""
        return Text.assemble((f"{progress.span(self.story.seconds(at)):>7}  ", "dim"), (controls.removed(line), style))

    def _now_there(self, latest: rollouts.Progress) -> Iterator[Text]:
        """Workloads, their instances that aren't ready, and what is waited for."""
        assert latest.observation is not None
        frame = _FRAMES[int(self._now().timestamp() * 10) % len(_FRAMES)]
        width = max((len(sentences.name(each.object)) for each in latest.observation.workloads), default=0)
        for workload in latest.observation.workloads:
            mark, style = _mark(workload, frame)
            name = sentences.name(workload.object).ljust(width)
            yield Text.assemble((f"      {mark} ", style), name, (f"  {controls.removed(workload.says)}", "dim"))
            unready = [
                each
                for each in latest.observation.instances
                if each.workload == workload.object and each.wanted and not each.ready and not each.leaving
            ]
            for instance in unready[:_UNREADY_SHOWN] if workload.health is not verdicts.Health.READY else ():
                yield Text.assemble(
                    ("          ", ""),
                    (sentences.name(instance.object), "dim"),
                    f"  {controls.removed(instance.state)}",
                )
        behind = any(each.health is not verdicts.Health.READY for each in latest.observation.workloads)
        if (
            latest.judgement
            and latest.judgement.state is verdicts.State.PROGRESSING
            and not (
                behind and latest.judgement.cause is None  # the workloads above say it all
            )
        ):
            yield Text.assemble(("      waits: ", "dim"), controls.removed(latest.judgement.waiting_for))


def _mark(workload: verdicts.Workload, frame: str) -> tuple[str, str]:
    if workload.health is verdicts.Health.READY:
        return "✓", "green"
    return ("✗", "red") if workload.health is verdicts.Health.FAILED else (frame, "cyan")
