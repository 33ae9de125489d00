"""What the pages show, ready to be written out. Pure: knows nothing about the database, HTTP or templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Tone = Literal["ok", "run", "wait", "bad", "off"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pill:
    """A state in a word or two; the tone is its colour."""

    tone: Tone
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Who looks at the page, and what the head of every page shows them."""

    name: str
    groups: tuple[str, ...]
    approvals: int
    form_token: str
    """What every form sends back, so that no other site can send it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """One thing that waits for a person, or went wrong and holds something up."""

    pill: Pill
    app: str
    version: str
    formation: str
    words: str
    at: datetime
    href: str
    approval: str | None = None
    """For what waits for an approval: its id when the reader's yes would count, else empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One app in one formation."""

    pill: Pill
    version: str
    since: datetime
    href: str
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One app over all formations, in the order of the columns; None where it isn't."""

    app: str
    owner: str
    about: str
    cells: tuple[Cell | None, ...]
    href: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The last seven days in four numbers; the days' counts end today."""

    days: tuple[int, ...]
    rolled_back: int
    back_after: str
    """Median time from apply to the old version serving, in words; empty when nothing was rolled back."""
    to_production: str
    waiting: int
    oldest: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """What needs me, then what is where."""

    figures: Figures
    needs: tuple[Need, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    asked: str = ""
    """What was looked for, when the rows are what was found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRow:
    """One step beside the log."""

    key: str
    name: str
    kind: str
    tone: Tone | Literal["none"]
    time: str
    href: str
    chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPage:
    """One run: its steps, and the log of one of them."""

    id: str
    app: str
    title: str
    pill: Pill
    event: str
    commit: str
    time: str
    reason: str
    steps: tuple[StepRow, ...]
    chosen: StepRow | None
    image: str
    log: tuple[str, ...]
    log_from: int
    """The byte at which a live log goes on."""
    log_cut: bool
    live: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One point of a deployment's way."""

    at: datetime
    words: str
    tone: Tone | Literal["back", "none"]
    phase: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectRow:
    """One object of a deployment and how it is."""

    name: str
    kind: str
    pill: Pill
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One piece of a dossier: a heading and the lines as they were."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GateQuestion:
    """A gate that can't tell and waits for a person."""

    gate: str
    says: str
    until: datetime
    """When it has failed if nobody says anything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentPage:
    """One deployment: verdict and cause first, then how it came about."""

    id: str
    app: str
    formation: str
    version: str
    pill: Pill
    headline: str
    explanation: str
    ended: datetime | None
    duration: str
    moments: tuple[Moment, ...]
    milestones: tuple[Moment, ...]
    """What each phase came to."""
    objects: tuple[ObjectRow, ...]
    evidence: tuple[Evidence, ...]
    difference: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    can_roll_back: str
    """The version it would go back to; empty when there is none or the reader may not."""
    hold: str
    """Why nothing newer goes out by itself; empty without a hold."""
    may_drift: bool
    """Whether it is what is there, so that a look at the destination tells something."""
    questions: tuple[GateQuestion, ...]
    """Gates that can't tell, for a reader who may say how to take them."""
    live: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftedRow:
    """One object that is not as it was deployed: what somebody changed, line by line, and who."""

    name: str
    pill: Pill
    note: str
    lines: tuple[str, ...]
    who: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftPage:
    """What somebody changed since a deployment."""

    id: str
    app: str
    formation: str
    version: str
    rows: tuple[DriftedRow, ...]
    may_fix: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRow:
    """One approval that was asked for."""

    id: str
    pill: Pill
    app: str
    formation: str
    version: str
    asked_by: str
    at: datetime
    given: tuple[str, ...]
    wants: str
    may: bool
    why_not: str
    difference: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ListRow:
    """One line of a list of runs or deployments."""

    pill: Pill
    href: str
    what: str
    version: str
    words: str
    at: datetime
