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


class Of(StrEnum):
    """What can be asked for."""

    FIGURES = "figures"
    PIPELINES = "pipelines"
    TESTS = "tests"
    FAILURES = "failures"
    WAITS = "waits"


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """How runs, or their carrying out of a step, went; times are seconds of those that passed."""

    runs: int
    """Those that came to an end of their own."""
    passed: int
    median: float | None
    p95: float | None
    success: float = field(init=False, default=0.0)
    """The share of them that passed, between 0 and 1."""

    def __post_init__(self) -> None:
        """Works out what follows from the rest."""
        object.__setattr__(self, "success", self.passed / self.runs if self.runs else 0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class RanPart:
    """The runs of one app or team, or one step of an app's."""

    name: str
    ran: Ran


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipelines:
    """How long pipelines take, and how often they pass."""

    question: Question
    parts: tuple[RanPart, ...]
    """By team where it is asked so, else by app; by name."""
    steps: tuple[RanPart, ...]
    """The steps of the app that is asked for, the slowest first; empty without one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongTest:
    """A test of an app's step, and in how many runs it went wrong."""

    app: str
    step: str
    name: str
    runs: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SlowTest:
    """A test of an app's step, and how long it takes when it passes; times are seconds."""

    app: str
    step: str
    name: str
    runs: int
    median: float
    p95: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RankedTests:
    """The tests that cost most."""

    question: Question
    slowest: tuple[SlowTest, ...]
    """Those of the app that is asked for; empty without one."""
    flakiest: tuple[WrongTest, ...]
    """Those that failed and passed on the same commit in most runs."""
    failing: tuple[WrongTest, ...]
    """Those that failed in most runs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailureCause:
    """One reason why changes failed."""

    cause: str
    app: str
    """Where it was most often."""
    times: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Hour:
    """The changes that ended in one hour of the day, UTC."""

    hour: int
    changes: int
    failed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Failures:
    """Why changes failed, what became of them, and when in the day."""

    question: Question
    environments: tuple[str, ...]
    failed: int
    rolled_back: int
    """Those that went back by themselves."""
    gone_back: int
    """Those that had been deployed and that a person went back from."""
    left: int
    """Those that stayed as they were, the failed ways back among them."""
    causes: tuple[FailureCause, ...]
    """The most frequent first."""
    hours: tuple[Hour, ...]
    """All 24."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waits:
    """Where the time from commit to production went: seconds of all changes with a lead time, together."""

    question: Question
    environments: tuple[str, ...]
    changes: int
    lead_time: float
    queue: float
    steps: float
    approval: float
    hold: float
    window: float
    rollout: float
