"""What the page of a run shows, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sealane.server.pages.chart_views import Chart
from sealane.server.pages.views import Action, Link, Pill, Tone


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
    graph: Chart | None
    """All of it on a line of time; None before anything of it has begun."""
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
