"""The views of a run's page, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sealane.server.pages.chart_views import Chart
from sealane.server.pages.group_views import GroupCard
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
    """How long it took or has been running; empty before its beginning."""
    since: datetime | None
    """Since when it has been running; None otherwise."""
    href: str
    chosen: bool
    tests: str = ""
    """Its test report, in a few words."""
    tests_wrong: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TestRow:
    """One failing test."""

    key: str
    """Stays the same when the page is read again, and is unique on it."""
    suite: str
    name: str
    outcome: str
    message: str
    place: str
    details: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TestsCard:
    """The test report of a step's last attempt."""

    words: str
    time: str
    wrong: bool
    bar: tuple[tuple[str, float], ...]
    """Percentages by tone."""
    attempt: int
    """The number of the attempt; 0 for the only one."""
    earlier: tuple[str, ...]
    rows: tuple[TestRow, ...]
    more: int
    """Number of failing tests that are not shown."""
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryRow:
    """The result of one delivery of a run."""

    pill: Pill
    formation: str
    href: str
    words: str
    hint: str
    """A way to get it deployed, if it ended without that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPage:
    """One run: its steps, and the log of one of them."""

    id: str
    app: str
    label: str
    """Its name for people: `shop #12`."""
    subject: str
    """The first line of the commit's message."""
    pill: Pill
    event: str
    commit: Link
    time: str
    since: datetime | None
    """Since when it has been running; None otherwise."""
    reason: str
    findings: tuple[str, ...]
    """Findings in the files, each with its place and a hint."""
    wrong: bool
    """Whether they stopped it; otherwise they are warnings."""
    steps_pill: Pill | None
    """The result of its steps, if `pill` shows its deliveries."""
    deliveries: tuple[DeliveryRow, ...]
    """Those that go with no others."""
    groups: tuple[GroupCard, ...]
    """Its release groups."""
    graph: Chart | None
    """The whole run on a time line; None before any part has begun."""
    steps: tuple[StepRow, ...]
    chosen: StepRow | None
    delivery: DeliveryRow | None
    """The result of the chosen step, if that is a delivery."""
    image: str
    log: tuple[str, ...]
    log_from: int
    """The byte from which a live log continues."""
    log_cut: bool
    live: bool
    actions: tuple[Action, ...]
    tests: TestsCard | None
    """The test report of the chosen step."""
