"""A deployment drawn live: past events, the progress of each workload, and what is waited for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from sealane import clock, controls
from sealane.cli import output
from sealane.cli.screens import run_progress
from sealane.cli.screens.rollout_lines import Lines
from sealane.cli.screens.rollout_messages import StoryLine, Wait
from sealane.verdicts import model as verdicts
from sealane.verdicts.judgement import State
from sealane.verdicts.messages import causes

if TYPE_CHECKING:
    from sealane.deployments import model as rollouts

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_UNREADY_SHOWN = 5


class Drawn(Lines):
    """A block that is redrawn, and its last state."""

    def __init__(self, console: Console | None = None, now: clock.Clock = clock.now) -> None:
        super().__init__()
        self._console = console or Console(stderr=True, highlight=False, no_color=not output.coloured(sys.stderr))
        self._now = now
        self._end = ""

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draws during the deployment; the lines of past events stay."""
        with Live(self, console=self._console, transient=True, refresh_per_second=10, redirect_stdout=False):
            yield
        if self.story.heading:
            self._console.print(self._head())
        for line in self.story.lines:
            self._console.print(self._past(line), soft_wrap=True)

    def open(self, heading: str, *, started: datetime) -> None:
        """What is deployed where, and since when."""
        self.story.begin(heading, started)

    def waits(self, at: datetime, waits: tuple[Wait, ...]) -> None:
        """Shown by the next frame."""
        del at
        self.story.waits = waits

    def tell(self, progress: rollouts.Progress) -> None:
        """Shown by the next frame."""
        self.story.tell(progress)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """One frame, no taller than the terminal."""
        if not self.story.heading:
            yield Text("asking the destination …", style="dim")
            return
        lines = self.frame(options.max_width)
        if self.story.waits:
            lines.append(Text("        Ctrl-C leaves it waiting", style="dim"))
        yield from lines[-max(3, console.size.height - 2) :]

    def concluded(self, word: str, reason: str, *, at: datetime) -> None:
        """Shown by the next frame, without the workloads."""
        self._end = f"{word}: {reason}"
        self.story.ended, self.story.latest = at, None

    def frame(self, width: int) -> list[Text]:
        """Its current lines, none wider than the terminal; only what is waited for may take a second line."""
        lines = [self._head(), *(self._past(line) for line in self.story.lines)]
        if (latest := self.story.latest) and latest.observation:
            lines += self._now_there(latest)
        for line in lines:
            line.truncate(width, overflow="ellipsis")
        frame = FRAMES[int(self._now().timestamp() * 10) % len(FRAMES)]
        for number, condition in enumerate(self.story.waits):
            lines += wait(condition, self._console, width, mark="·" if number else frame)
        return lines + _wrapped(Text(controls.removed(self._end)), self._console, width, "      ")

    def _head(self) -> Text:
        time = run_progress.span(self.story.seconds(self.story.ended or self._now()))
        return Text.assemble((controls.removed(self.story.heading), "bold"), (f"  {time}", "dim"))

    def _past(self, line: StoryLine) -> Text:
        span = run_progress.span(self.story.seconds(line.at))
        return Text.assemble((f"{span:>7}  ", "dim"), (controls.removed(line.text), "red" if line.failed else ""))

    def _now_there(self, latest: rollouts.Progress) -> Iterator[Text]:
        """Workloads, their unready instances, and what is waited for."""
        assert latest.observation is not None
        frame = FRAMES[int(self._now().timestamp() * 10) % len(FRAMES)]
        unit = latest.observation.unit
        width = max((len(causes.name(shown.object, unit)) for shown in latest.observation.workloads), default=0)
        for workload in latest.observation.workloads:
            mark, style = _mark(workload, frame)
            name = causes.name(workload.object, unit).ljust(width)
            yield Text.assemble((f"      {mark} ", style), name, (f"  {controls.removed(workload.message)}", "dim"))
            unready = [
                instance
                for instance in latest.observation.instances
                if instance.workload == workload.object
                and instance.desired
                and not instance.ready
                and not instance.terminating
            ]
            for instance in unready[:_UNREADY_SHOWN] if workload.health is not verdicts.Health.READY else ():
                yield Text.assemble(
                    ("          ", ""),
                    (causes.name(instance.object, unit), "dim"),
                    f"  {controls.removed(instance.state)}",
                )
        behind = any(shown.health is not verdicts.Health.READY for shown in latest.observation.workloads)
        if (
            latest.judgement
            and latest.judgement.state is State.PROGRESSING
            and not (
                behind and latest.judgement.cause is None  # the workloads above show all of it
            )
        ):
            yield Text.assemble(("      waits: ", "dim"), controls.removed(latest.judgement.waiting_for))


def wait(condition: Wait, console: Console, width: int, *, mark: str) -> list[Text]:
    """What is waited for, and below it who ends that, wrapped at words."""
    condition_text, who = (controls.removed(text) for text in (condition.what, condition.who))
    return [
        *_wrapped(Text(f"waits for {condition_text}", style="yellow"), console, width, f"      {mark} "),
        *_wrapped(Text(who, style="dim"), console, width, "        "),
    ]


def _wrapped(text: Text, console: Console, width: int, margin: str) -> list[Text]:
    """Wrapped lines; further lines are indented to the first one's text."""
    parts = text.wrap(console, max(20, width - len(margin)))
    return [
        Text.assemble(margin if row == 0 else " " * len(margin), part) for row, part in enumerate(parts) if part.plain
    ]


def _mark(workload: verdicts.Workload, frame: str) -> tuple[str, str]:
    if workload.health is verdicts.Health.READY:
        return "✓", "green"
    return ("✗", "red") if workload.health is verdicts.Health.FAILED else (frame, "cyan")
