"""A deployment in plain lines, or as one JSON document at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from sealane.cli import output
from sealane.cli.screens import evidence_lines, rollout_messages, run_progress

if TYPE_CHECKING:
    from sealane.cli.local.deploy_request import DeployOutcome
    from sealane.deployments import model as rollouts
    from sealane.deployments.ledger_history import LedgerRecord
    from sealane.stencils.model import Revision


class Lines:
    """Plain lines: progress goes to stderr, the verdict to stdout."""

    def __init__(self, label: str = "") -> None:
        """`label` begins each line when several are followed at once."""
        self.story = rollout_messages.Story()
        self._label = label
        self._waited = ""

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Nothing is drawn."""
        yield

    def begin(self, record: LedgerRecord, revision: Revision) -> None:
        """It has got its number."""
        back = record.is_rollback
        self.open(
            rollout_messages.heading(revision.label, record.sequence, revision.id, back=back), started=record.started
        )

    def open(self, heading: str, *, started: datetime) -> None:
        """What is deployed where, and since when."""
        self.story.begin(heading, started)
        output.say(heading, "bold")

    def waits(self, at: datetime, waits: tuple[rollout_messages.Wait, ...]) -> None:
        """What it waits for, printed whenever that changes."""
        if waits != self.story.waits:
            self.story.waits = waits
            for wait in waits:
                self._say(at, f"waits for {wait.what} ({wait.who})", "yellow")

    def tell(self, progress: rollouts.Progress) -> None:
        """Prints a line for each event, and for each new thing that is waited for."""
        line = self.story.tell(progress)
        if line is not None:
            self._say(progress.at, line.text)
        elif progress.message != self._waited and progress.observation and not progress.observation.everything_ready:
            self._waited = progress.message
            self._say(progress.at, f"waits: {progress.message}", "dim")

    def concluded(self, word: str, reason: str, *, at: datetime) -> None:
        """The result, if it is one of several that are followed."""
        self._say(at, f"{word}: {reason}")

    def conclude(self, ended: DeployOutcome) -> None:
        """The verdict, the cause first, then the evidence."""
        conclude(ended)

    def _say(self, at: datetime, text: str, *styles: str) -> None:
        label = f"{self._label}: " if self._label else ""
        output.say(f"{run_progress.span(self.story.seconds(at)):>6}  {label}{text}", *styles)


class Json(Lines):
    """Prints nothing until the end, then everything."""

    def open(self, heading: str, *, started: datetime) -> None:
        """What is deployed where, and since when."""
        self.story.begin(heading, started)

    def tell(self, progress: rollouts.Progress) -> None:
        """Takes in an event."""
        self.story.tell(progress)

    def conclude(self, ended: DeployOutcome) -> None:
        """One document."""
        output.json(rollout_messages.plain(ended, self.story))


def conclude(ended: DeployOutcome) -> None:
    """The verdict in one line, the cause first; then the evidence of a failure."""
    verdict = ended.outcome.verdict
    word = output.style(rollout_messages.verdict_word(verdict.kind), "bold", rollout_messages.COLOURS[verdict.kind])
    output.sentence(f"{word}  {verdict.reason}  {output.style(f'({rollout_messages.took(ended)})', 'dim')}")
    if sentence := rollout_messages.log_sentence(verdict.cause):
        output.sentence(f"  {sentence}")
    if ended.record.way_back:
        output.say(ended.record.way_back, "yellow")
    evidence_lines.evidence(*rollout_messages.reports(ended))
    if ended.outcome.held:
        for held in ended.outcome.held:
            output.say(f"left {held.ref}: {held.reason}", "yellow")
        if any(kept_object.kept for kept_object in ended.outcome.held):
            output.say("--yes deletes what was left", "dim")
