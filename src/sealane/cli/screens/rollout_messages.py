"""Messages about a deployment's progress and result. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sealane.cli.screens import run_progress
from sealane.deployments import messages
from sealane.verdicts import model as verdicts
from sealane.verdicts.judgement import State

if TYPE_CHECKING:
    from sealane.cli.local.deploy_request import DeployOutcome
    from sealane.deployments import model as rollouts

COLOURS = {
    verdicts.VerdictKind.DEPLOYED: "green",
    verdicts.VerdictKind.ROLLED_BACK: "red",
    verdicts.VerdictKind.ROLLBACK_FAILED: "red",
    verdicts.VerdictKind.FAILED: "red",
    verdicts.VerdictKind.SUPERSEDED: "dim",
    verdicts.VerdictKind.UNPROVEN: "yellow",
    verdicts.VerdictKind.CANCELLED: "yellow",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """One thing that is waited for."""

    what: str
    """With the time when it ends, if known."""
    who: str
    """Who or what ends the wait, and with which command."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoryLine:
    """One event."""

    at: datetime
    text: str
    failed: bool = False
    """Whether it says that the deployment was judged failed."""


@dataclass(kw_only=True)
class Story:
    """What is known of one deployment so far."""

    heading: str = ""
    started: datetime | None = None
    lines: list[StoryLine] = field(default_factory=list)
    latest: rollouts.Progress | None = None
    waits: tuple[Wait, ...] = ()
    """What keeps it from beginning or continuing."""
    ended: datetime | None = None

    def begin(self, heading: str, started: datetime) -> None:
        """The deployment got its number, or begins."""
        self.heading, self.started = heading, started

    def tell(self, progress: rollouts.Progress) -> StoryLine | None:
        """Takes in an event; returns its new line, or None if it only continues to watch."""
        if progress.observation is not None:
            self.latest = progress
            if progress.judgement is None or progress.judgement.state is not State.FAILED:
                return None
        failed = progress.judgement is not None
        line = StoryLine(
            at=progress.at, text=f"judged failed: {progress.message}" if failed else progress.message, failed=failed
        )
        self.lines.append(line)
        return line

    def seconds(self, at: datetime) -> float:
        """Since the start."""
        return (at - self.started).total_seconds() if self.started else 0.0


def heading(label: str, sequence: int, revision: str, *, back: bool, by: str = "") -> str:
    """What is deployed where: `shop/dev #7, rollback to 4f7c2d1`; `by` is who asked for it."""
    going = "rollback to" if back else "revision"
    asked = f", asked for by {by}" if by else ""
    return f"{label} #{sequence}, {going} {messages.short(revision)}{asked}"


def verdict_word(kind: verdicts.VerdictKind) -> str:
    """The verdict in people's words: `rolled back`."""
    return kind.value.replace("_", " ")


def took(ended: DeployOutcome) -> str:
    """How long it took, from applying to the verdict."""
    span = ended.outcome.verdict.at - ended.record.started
    return run_progress.span(span.total_seconds())


def log_sentence(cause: verdicts.Cause | None) -> str | None:
    """The most telling line of the blamed container's log, as a sentence."""
    return f"Its log says “{cause.log}”." if cause and cause.log else None


def ago(span: timedelta) -> str:
    """A duration in its largest unit."""
    seconds = int(span.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} s"


def reports(ended: DeployOutcome) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Its evidence as plain data, and that of a failed rollback."""
    first, second = ended.report, ended.second_report
    return first.to_json() if first else None, second.to_json() if second else None


def plain(ended: DeployOutcome, story: Story) -> dict[str, Any]:
    """The whole deployment for `--json`."""
    outcome, (first, second) = ended.outcome, reports(ended)
    return {
        "sequence": ended.record.sequence,
        "revision": ended.record.revision,
        "started": ended.record.started,
        "verdict": outcome.verdict,
        "timeline": [{"at": line.at, "message": line.text, "failed": line.failed} for line in story.lines],
        "failure_report": first,
        "second_failure_report": second,
        "inventory": [str(ref) for ref in outcome.inventory or ()],
        "held": [{"object": str(held.ref), "reason": held.reason} for held in outcome.held],
    }
