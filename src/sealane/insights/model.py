"""What insights ask and answer, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

DAY = 86_400
MOST_DAYS = 730
_MOST_BUCKETS = 30
"""Points of a trend; a shorter span has one a day."""


class By(StrEnum):
    """What the figures are told apart by."""

    APP = "app"
    TEAM = "team"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Some days up to the end of today, in UTC, and as many before them."""

    until: datetime
    days: int

    @classmethod
    def up_to(cls, now: datetime, days: int) -> Span:
        """The span that ends with the day of `now`."""
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(until=today + timedelta(days=1), days=days)

    @property
    def since(self) -> datetime:
        """Its beginning."""
        return self.until - timedelta(days=self.days)

    @property
    def before(self) -> datetime:
        """The beginning of as many days before it."""
        return self.since - timedelta(days=self.days)

    @property
    def buckets(self) -> int:
        """How many points its trend has."""
        return self.days if self.days <= _MOST_BUCKETS + 1 else _MOST_BUCKETS

    @property
    def width(self) -> int:
        """Seconds of a point of the trend; whole, because a day has 30 times 2,880 of them."""
        return self.days * DAY // self.buckets

    def bucket(self, number: int) -> tuple[datetime, datetime]:
        """From when to when the point is about."""
        width = timedelta(seconds=self.width)
        return self.since + number * width, self.since + (number + 1) * width


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Whose figures, and when; what is None lets all through."""

    span: Span
    app: str | None = None
    team: str | None = None
    """The owner of apps."""
    environment: str | None = None
    """None: every environment that the operators call production."""
    by: By = By.APP


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The four figures of some deployments; times are seconds, and None where nothing was counted."""

    days: float
    changes: int = 0
    """Deployments that brought something new, good or bad."""
    deployments: int = 0
    """Those that were deployed."""
    failed: int = 0
    lead_times: int = 0
    """How many have a lead time."""
    lead_time: float | None = None
    """The median."""
    lead_time_p95: float | None = None
    restored: int = 0
    """Failed changes after which the formation was well again."""
    time_to_restore: float | None = None
    """The median."""
    per_day: float = field(init=False, default=0.0)
    """Deployments a day."""
    failure_rate: float | None = field(init=False, default=None)
    """The share of changes that failed, between 0 and 1."""

    def __post_init__(self) -> None:
        """Works out what follows from the rest."""
        object.__setattr__(self, "per_day", self.deployments / self.days)
        object.__setattr__(self, "failure_rate", self.failed / self.changes if self.changes else None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One point of a trend."""

    since: datetime
    until: datetime
    figures: Figures


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The figures of one app, team or environment."""

    name: str
    figures: Figures


@dataclass(frozen=True, kw_only=True, slots=True)
class Insights:
    """What a question comes to."""

    question: Question
    environments: tuple[str, ...]
    """Which environments were counted."""
    now: Figures
    before: Figures
    """The same of as many days before."""
    trend: tuple[Point, ...]
    """The oldest first."""
    parts: tuple[Part, ...]
    """By name."""
