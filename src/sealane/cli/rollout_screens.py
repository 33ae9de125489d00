"""How a deployment is shown: drawn live, told in lines, or as one JSON document at its end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from sealane import clock
from sealane.cli import output, progress, rollout_words
from sealane.cli.deploying import Ended
from sealane.rollouts import model as rollouts
from sealane.rollouts.recording import Record
from sealane.stencils.model import Revision
from sealane.verdicts import model as verdicts
from sealane.verdicts import sentences

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_UNREADY_SHOWN = 5


class Lines:
    """Plain lines: how it goes to stderr, the verdict to stdout."""

    def __init__(self) -> None:
        self.story = rollout_words.Story()
        self._waited = ""

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Nothing is drawn."""
        yield

    def begin(self, record: Record, revision: Revision) -> None:
        """It has its number."""
        self.story.begin(record, revision)
        output.say(self.story.heading, "bold")

    def tell(self, told: rollouts.Progress) -> None:
        """A line for what has happened, and one for each other thing that is waited for."""
        line = self.story.tell(told)
        if line is not None:
            self._say(told.at, line)
        elif told.says != self._waited and not told.says.startswith("everything is ready"):
            self._waited = told.says
            self._say(told.at, f"waits: {told.says}", "dim")

    def conclude(self, ended: Ended) -> None:
        """The verdict, the cause first, then the evidence."""
        conclude(ended)

    def _say(self, at: datetime, text: str, *styles: str) -> None:
        output.say(f"{progress.span(self.story.seconds(at)):>6}  {text}", *styles)


class Json(Lines):
    """Nothing on the way, all of it at the end."""

    def begin(self, record: Record, revision: Revision) -> None:
        """It has its number."""
        self.story.begin(record, revision)

    def tell(self, told: rollouts.Progress) -> None:
        """Takes it in."""
        self.story.tell(told)

    def conclude(self, ended: Ended) -> None:
        """One document."""
        output.json(rollout_words.plain(ended, self.story))


class Drawn(Lines):
    """A block that is redrawn: what has happened, how far each workload is, and what is waited for."""

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
        return Text.assemble((self.story.heading, "bold"), (f"  {time}", "dim"))

    def _past(self, at: datetime, line: str) -> Text:
        style = "red" if line.startswith("judged failed") else ""
        return Text.assemble((f"{progress.span(self.story.seconds(at)):>7}  ", "dim"), (line, style))

    def _now_there(self, latest: rollouts.Progress) -> Iterator[Text]:
        """Workloads, their instances that aren't ready, and what is waited for."""
        assert latest.observation is not None
        frame = _FRAMES[int(self._now().timestamp() * 10) % len(_FRAMES)]
        width = max((len(sentences.name(each.object)) for each in latest.observation.workloads), default=0)
        for workload in latest.observation.workloads:
            mark, style = _mark(workload, frame)
            name = sentences.name(workload.object).ljust(width)
            yield Text.assemble((f"      {mark} ", style), name, (f"  {workload.says}", "dim"))
            unready = [
                each
                for each in latest.observation.instances
                if each.workload == workload.object and each.wanted and not each.ready and not each.leaving
            ]
            for instance in unready[:_UNREADY_SHOWN] if workload.health is not verdicts.Health.READY else ():
                yield Text.assemble(("          ", ""), (sentences.name(instance.object), "dim"), f"  {instance.state}")
        behind = any(each.health is not verdicts.Health.READY for each in latest.observation.workloads)
        if (
            latest.judgement
            and latest.judgement.state is verdicts.State.PROGRESSING
            and not (
                behind and latest.judgement.cause is None  # the workloads above say it all
            )
        ):
            yield Text.assemble(("      waits: ", "dim"), latest.judgement.waiting_for)


def screen(*, as_json: bool) -> Lines:
    """The one that was asked for; drawing needs a terminal that can."""
    if as_json:
        return Json()
    return Drawn() if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb" else Lines()


def conclude(ended: Ended) -> None:
    """The verdict in one line, the cause first; then the evidence of a failure."""
    verdict = ended.outcome.verdict
    word = output.style(rollout_words.verdict_word(verdict.kind), "bold", rollout_words.COLOURS[verdict.kind])
    output.data(f"{word}  {verdict.reason}  {output.style(f'({rollout_words.took(ended)})', 'dim')}")
    if said := rollout_words.log_sentence(verdict.cause):
        output.data(f"  {said}")
    evidence(ended.outcome.dossier)
    if ended.outcome.held:
        for each in ended.outcome.held:
            output.say(f"left {each.ref}: {each.reason}", "yellow")
        output.say("--yes deletes what was left", "dim")


def evidence(dossier: object) -> None:
    """The blamed container's log, and what the revision changed; to stdout."""
    assert dossier is None or isinstance(dossier, dict)
    if found := rollout_words.blamed_log(dossier):
        heading, lines = found
        output.data(f"\n{output.style(heading, 'bold')}")
        for line in lines:
            output.data(f"  {output.style('│', 'red')} {line}")
    if changed := rollout_words.difference(dossier):
        output.data(f"\n{output.style('Difference to the revision verified last', 'bold')}")
        for subject, lines in changed:
            output.data(f"  {subject}")
            for line in lines:
                colour = {"+": "green", "-": "red"}.get(line[:1], "dim")
                output.data(f"    {output.style(line, colour)}")


def _mark(workload: verdicts.Workload, frame: str) -> tuple[str, str]:
    if workload.health is verdicts.Health.READY:
        return "✓", "green"
    return ("✗", "red") if workload.health is verdicts.Health.FAILED else (frame, "cyan")
