"""Judgements on a running rollout: what a judge is told beside the observation, and what it says. Pure, plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sealane.verdicts.model import Cause

ANY_KEY = "*"
"""Stands for all keys of an object that the revision makes."""
BY_CONTROLLER = "by a controller"
"""Stands for the keys of an object that a controller makes from the revision's objects, at any later time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What a formation's strategy demands, and what its revision makes."""

    started: datetime
    """When the judged stage, or the whole deployment, was applied."""
    since: datetime | None = None
    """When the deployment's first stage was applied, where this is a later one."""
    healthy_for: timedelta = timedelta(seconds=10)
    patience: timedelta = timedelta(seconds=60)
    deadline: timedelta = timedelta(minutes=10)
    made: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """ConfigMaps, Secrets and service accounts the revision makes, with their keys, or `ANY_KEY` or `BY_CONTROLLER`."""

    @property
    def begun(self) -> datetime:
        """When the deployment began: a failure since then is its own, in any stage."""
        return self.since or self.started


News = tuple[str, str, str]
"""Something that a destination told: the instance, the container or `ready`, and which time or end of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """What a watcher keeps from one judgement to the next; a new watcher starts with an empty one."""

    blind: timedelta = timedelta()
    """The total time without an answer from the destination: patience and deadline don't count it."""
    first_seen: Mapping[News, datetime] = field(default_factory=dict)
    """When each piece of news was first seen."""


class State(StrEnum):
    """Where a rollout stands."""

    PROGRESSING = "progressing"
    HEALTHY = "healthy"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """The judgement on an observation under the rules."""

    state: State
    waiting_for: str
    """One line: what it waits for, or what it found."""
    since: datetime
    cause: Cause | None = None
    """Why it failed; while progressing, the present obstacle, if there is one."""
    again: datetime | None = None
    """When to judge again even without a new observation: a hold, patience or the deadline ends then."""
