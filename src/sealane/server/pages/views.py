"""What the pages show, ready to be written out. Pure: knows nothing about the database, HTTP or templates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Tone = Literal["ok", "run", "wait", "bad", "off"]
_UNNAMEABLE = re.compile(r"[^A-Za-z0-9_-]+")
"""What an element's id may not have where it is looked for by a selector."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pill:
    """A state in a word or two; the tone is its colour."""

    tone: Tone
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A few words that may lead somewhere."""

    words: str
    href: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Who looks at the page, and what the head of every page shows them."""

    name: str
    groups: tuple[str, ...]
    waits: int
    """How many things wait for this reader's word."""
    form_token: str
    """What every form sends back, so that no other site can send it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """What a form asks a person to write."""

    name: str
    label: str
    hint: str
    required: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """Something a person may do, after a question."""

    action: str
    """Where the form is sent."""
    words: str
    asks: str
    """What comes of it, told before it is done."""
    yes: str
    value: str = ""
    """Sent as `word`, where one form answers in several ways."""
    field: Field | None = None
    """What it asks to be written."""
    first: bool = False
    """Whether it is the one that stands out."""

    @property
    def key(self) -> str:
        """The same each time the page is read, and no other's on it."""
        return _UNNAMEABLE.sub("-", f"{self.action}-{self.value}").strip("-")


@dataclass(frozen=True, kw_only=True, slots=True)
class OlderRow:
    """One that waits for the same and comes before."""

    version: str
    subject: str
    href: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """One thing that waits for a person, or went wrong and holds something up."""

    key: str
    """The same each time the page is read, and no other's on it."""
    pill: Pill
    app: str
    version: str
    subject: str = ""
    """The first line of the commit's message."""
    formation: str
    words: str
    at: datetime
    href: str
    link: str
    """What a button to its page says; without one its name leads there."""
    otherwise: str = ""
    """What comes of it without anybody's word, and when."""
    answers: tuple[Action, ...] = ()
    """What the reader may answer, where their word counts."""
    why_not: str = ""
    """Why it doesn't."""
    wrong: bool = False
    """Whether it went wrong, instead of waiting."""
    facts: tuple[Link, ...] = ()
    """For an approval, who wrote it, what is new, how it was tested and where it was built."""
    commits: tuple[str, ...] = ()
    """For an approval, the commits that it brings."""
    difference: tuple[str, ...] = ()
    """For an approval, what it would change."""
    first: bool = False
    """Whether nothing was there before."""
    older: tuple[OlderRow, ...] = ()
    """Others of the same formation that come before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthSaid:
    """How something fares that is there."""

    pill: Pill
    since: datetime
    cause: str
    """Why, in one sentence; empty while it is healthy."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One app in one formation."""

    pill: Pill
    version: str
    since: datetime
    href: str
    note: str = ""
    health: HealthSaid | None = None
    """How what is there fares; None while something is on its way."""
    drift: Link | None = None
    """What somebody changed since it was deployed, as it was seen last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One app over all formations, in the order of the columns; None where it isn't."""

    app: str
    owner: str
    about: str
    cells: tuple[Cell | None, ...]
    href: str
    run: ListRow | None = None
    """The newest run, where it did not come to its end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The last seven days in four numbers; the days' counts end today."""

    days: tuple[int, ...]
    rolled_back: int
    back_after: str
    """Median time from apply to the old version serving, of rollouts, in words; empty when none was rolled back."""
    to_production: str
    waiting: int
    oldest: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedLine:
    """Something that others deploy."""

    app: str
    owner: str
    where: str
    """Its formation, and its environment where that has another name."""
    place: str
    version: str
    health: HealthSaid | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Untold:
    """Notices that one target can't be sent."""

    target: str
    words: str
    """How many, and whether they are tried again."""
    reason: str
    since: datetime


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
    state: str
    time: str
    """How long it took or has been running; empty before."""
    since: datetime | None
    """Since when it has been running, while it does."""
    href: str
    chosen: bool
    tests: str = ""
    """What its tests reported, in a few words."""
    tests_wrong: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TestRow:
    """One failing test."""

    key: str
    """The same each time the page is read, and no other's on it."""
    suite: str
    name: str
    outcome: str
    message: str
    place: str
    details: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TestsCard:
    """What the tests of a step's last attempt reported."""

    words: str
    time: str
    wrong: bool
    bar: tuple[tuple[str, float], ...]
    """Parts of a hundred by their tone."""
    attempt: int
    """Which attempt it was; 0 when it was the only one."""
    earlier: tuple[str, ...]
    rows: tuple[TestRow, ...]
    more: int
    """Failing tests that are not shown."""
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryRow:
    """What became of one delivery of a run."""

    pill: Pill
    formation: str
    href: str
    words: str
    hint: str
    """How to get it out, where it ended without being there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPage:
    """One run: its steps, and the log of one of them."""

    id: str
    app: str
    label: str
    """How people name it: `shop #12`."""
    subject: str
    """The first line of the commit's message."""
    pill: Pill
    event: str
    commit: Link
    time: str
    since: datetime | None
    """Since when it has been running, while it does."""
    reason: str
    findings: tuple[str, ...]
    """What was found in the files, each with its place and how to fix it."""
    wrong: bool
    """Whether that stopped it; otherwise they are warnings."""
    steps_pill: Pill | None
    """How its steps ended, where `pill` tells of its deliveries."""
    deliveries: tuple[DeliveryRow, ...]
    steps: tuple[StepRow, ...]
    chosen: StepRow | None
    delivery: DeliveryRow | None
    """What became of the chosen step, where that is a delivery."""
    image: str
    log: tuple[str, ...]
    log_from: int
    """The byte at which a live log goes on."""
    log_cut: bool
    live: bool
    actions: tuple[Action, ...]
    tests: TestsCard | None
    """What the tests of the chosen step reported."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelinePoint:
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
class Lines:
    """A part of some evidence."""

    lines: tuple[str, ...]
    again: int = 0
    """How often it repeats what stands above already, whatever numbers differ; such lines are folded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One piece of a failure report: a heading and the lines as they were."""

    heading: str
    parts: tuple[Lines, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentPage:
    """One deployment: verdict and cause first, then how it came about."""

    id: str
    app: str
    formation: str
    version: str
    subject: str
    """The first line of the commit's message."""
    kind: str
    """How it came about, where not by a run's own delivery."""
    pill: Pill
    headline: str
    explanation: str
    hint: str
    """How to get it out, where it ended without being there."""
    log: str
    """The line of the blamed container's log that tells most; empty without one."""
    ended: datetime | None
    duration: str
    since: datetime | None
    """Since when it has been rolling out, while it does."""
    moments: tuple[TimelinePoint, ...]
    milestones: tuple[TimelinePoint, ...]
    """What each phase came to."""
    objects: tuple[ObjectRow, ...]
    evidence: tuple[Evidence, ...]
    brings: str
    """How many commits are new, in words."""
    commits: tuple[str, ...]
    difference: tuple[str, ...]
    first: bool
    """Whether nothing was there before."""
    facts: tuple[tuple[str, tuple[Link, ...]], ...]
    hold: str
    """Why nothing newer goes out by itself; empty without a hold."""
    health: HealthSaid | None
    """How it fares, while it is what is there."""
    may_drift: bool
    """Whether it is what is there, so that a look at the destination tells something."""
    needs: tuple[Need, ...]
    """What it waits for that this reader's word decides."""
    actions: tuple[Action, ...]
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
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ListRow:
    """One line of a list."""

    pill: Pill
    href: str
    what: str
    version: str
    subject: str
    """The first line of the commit's message."""
    facts: tuple[Link, ...]
    """Where it comes from and who asked; links filter the list."""
    because: str
    """Why it failed, or what it waits for; empty where there is nothing to say."""
    at: datetime
    took: str
    """How long it took or has been going on; empty before it began."""
    since: datetime | None
    """Since when it goes on, while it does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One filter of a list: a list of what can be chosen, or a line to write where there is none."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    """What is sent, and what people read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPage:
    """A list of runs, deployments or lines of the audit."""

    title: str
    path: str
    search: str
    searched: str
    """What the search looks at; empty where nothing is searched."""
    choices: tuple[Choice, ...]
    chosen: tuple[Link, ...]
    """The filters that are set; each leads to the list without it."""
    kept: tuple[tuple[str, str], ...] = ()
    """Filters that nothing here chooses, which stay when another one is set."""
    other: Link | None
    """The other list with the same filters, where any are set."""
    rows: tuple[ListRow, ...]
    empty: str
    older: str
    """Where the list goes on; empty at its end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRow:
    """One token that works, or worked until it expired."""

    id: str
    name: str
    pill: Pill
    created: datetime
    used: datetime | None
    expires: datetime | None
    made_with: str | None
    makes: int
    """How many others of its user end with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenGroup:
    """The tokens of one user or app."""

    title: str
    rows: tuple[TokenRow, ...]
