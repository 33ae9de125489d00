"""The views of the pages of a deployment and its drift, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sealane.server.pages.chart_views import Chart, InstanceChart
from sealane.server.pages.group_views import GroupCard
from sealane.server.pages.need_views import Need
from sealane.server.pages.views import Action, HealthSaid, Link, Pill, Tone


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelinePoint:
    """One point in a deployment's history."""

    at: datetime
    words: str
    tone: Tone | Literal["back", "none"]
    phase: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectRow:
    """One object of a deployment and its state."""

    name: str
    kind: str
    pill: Pill
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lines:
    """A part of some evidence."""

    lines: tuple[str, ...]
    again: int = 0
    """How often it repeats the lines above, ignoring numbers; such lines are folded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One piece of a failure report: a heading and the original lines."""

    heading: str
    parts: tuple[Lines, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GateCard:
    """A gate's requests and their answers."""

    key: str
    gate: str
    place: str
    """Its place in the rollout; empty for the only one."""
    asked: str
    pill: Pill
    answers: tuple[tuple[datetime, str, str, bool], ...]
    """The time of the request, the answer, its duration, and whether it is good; the newest first."""
    earlier: int
    """Number of answers that are not stored."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentPage:
    """One deployment: verdict and cause first, then its history."""

    id: str
    app: str
    formation: str
    version: str
    subject: str
    """The first line of the commit's message."""
    kind: str
    """How it was started, unless by a run's own delivery."""
    pill: Pill
    headline: str
    explanation: str
    hint: str
    """A way to get it deployed, if it ended without that."""
    log: str
    """The most telling line of the blamed container's log; empty without one."""
    ended: datetime | None
    duration: str
    since: datetime | None
    """Since when it has been rolling out; None otherwise."""
    moments: tuple[TimelinePoint, ...]
    milestones: tuple[TimelinePoint, ...]
    """The result of each phase."""
    chart: Chart | None
    """Its phases to scale; None before it has begun."""
    instances: InstanceChart | None
    """The number of instances over time; None if never observed."""
    gates: tuple[GateCard, ...]
    objects: tuple[ObjectRow, ...]
    evidence: tuple[Evidence, ...]
    brings: str
    """How many commits are new, in words."""
    commits: tuple[str, ...]
    difference: tuple[str, ...]
    first: bool
    """Whether it was the first deployment there."""
    facts: tuple[tuple[str, tuple[Link, ...]], ...]
    hold: str
    """Why newer ones are not deployed automatically; empty without a hold."""
    health: HealthSaid | None
    """Its health, while it is the current deployment."""
    may_drift: bool
    """Whether it is the current deployment, so that it can be compared with the destination."""
    needs: tuple[Need, ...]
    """Things it waits for that this reader may decide."""
    actions: tuple[Action, ...]
    groups: tuple[GroupCard, ...]
    """The release group that it moves or is rolled back with; empty without one."""
    live: bool
    follows: str
    """Whose changes it shows while it is live: the run's if it moves with others, its own otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftedRow:
    """One object that differs from what was deployed: the changes, line by line, and who made them."""

    name: str
    pill: Pill
    note: str
    lines: tuple[str, ...]
    who: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftPage:
    """The changes since a deployment."""

    id: str
    app: str
    formation: str
    version: str
    rows: tuple[DriftedRow, ...]
    actions: tuple[Action, ...]
