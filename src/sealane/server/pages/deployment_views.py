"""What the pages of a deployment and of its drift show, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sealane.server.pages.chart_views import Chart, InstanceChart
from sealane.server.pages.need_views import Need
from sealane.server.pages.views import Action, HealthSaid, Link, Pill, Tone


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
class GateCard:
    """What a gate asked, and what came back."""

    key: str
    gate: str
    place: str
    """Where in the rollout; empty for the only place."""
    asked: str
    pill: Pill
    answers: tuple[tuple[datetime, str, str, bool], ...]
    """When it asked, what came back, how long that took, and whether it is good; the newest first."""
    earlier: int
    """Answers that are not kept."""


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
    chart: Chart | None
    """Its parts to scale; None before it has begun."""
    instances: InstanceChart | None
    """How many instances there were; None where nobody has seen any."""
    gates: tuple[GateCard, ...]
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
