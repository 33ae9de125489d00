"""Questions and answers of insights, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

DAY = 86_400
MOST_DAYS = 730
_MOST_BUCKETS = 30
"""Most points of a trend; a shorter span has one per day."""


class By(StrEnum):
    """How figures are grouped."""

    APP = "app"
    TEAM = "team"
    ENVIRONMENT = "environment"


class Of(StrEnum):
    """What insights can show."""

    FIGURES = "figures"
    PIPELINES = "pipelines"
    TESTS = "tests"
    FAILURES = "failures"
    WAITS = "waits"


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A number of days up to the end of today, in UTC, and as many before them."""

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
        """The number of points of its trend."""
        return self.days if self.days <= _MOST_BUCKETS + 1 else _MOST_BUCKETS

    @property
    def width(self) -> int:
        """Seconds per point of the trend; a whole number, because a day has 30 times 2,880 seconds."""
        return self.days * DAY // self.buckets

    def bucket(self, number: int) -> tuple[datetime, datetime]:
        """The start and end of a point."""
        width = timedelta(seconds=self.width)
        return self.since + number * width, self.since + (number + 1) * width


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Whose figures, and of which days; None filters nothing."""

    span: Span
    app: str | None = None
    team: str | None = None
    """The owner of the apps."""
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
    """Changes that were deployed."""
    failed: int = 0
    lead_times: int = 0
    """How many changes have a lead time."""
    lead_time: float | None = None
    """The median."""
    lead_time_p95: float | None = None
    restored: int = 0
    """Failed changes after which the formation was healthy again."""
    time_to_restore: float | None = None
    """The median."""
    per_day: float = field(init=False, default=0.0)
    """Deployments a day."""
    failure_rate: float | None = field(init=False, default=None)
    """The share of changes that failed, between 0 and 1."""

    def __post_init__(self) -> None:
        """Computes the derived figures."""
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
    """The answer to a question."""

    question: Question
    environments: tuple[str, ...]
    """Which environments were counted."""
    now: Figures
    before: Figures
    """The figures of as many days before."""
    trend: tuple[Point, ...]
    """The oldest first."""
    parts: tuple[Part, ...]
    """By name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ran:
    """How runs, or one step of them, went; times are seconds of passed ones."""

    runs: int
    """Runs that ended by themselves."""
    passed: int
    median: float | None
    p95: float | None
    success: float = field(init=False, default=0.0)
    """The share of them that passed, between 0 and 1."""

    def __post_init__(self) -> None:
        """Computes the derived figures."""
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
    """By team if the question says so, else by app; sorted by name."""
    steps: tuple[RanPart, ...]
    """The steps of the chosen app, slowest first; empty without an app."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongTest:
    """A test of an app's step, and the number of runs in which it went wrong."""

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
    """The slowest tests of the chosen app; empty without an app."""
    flakiest: tuple[WrongTest, ...]
    """Tests that failed and passed on the same commit, by number of runs."""
    failing: tuple[WrongTest, ...]
    """Tests that failed, by number of runs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailureCause:
    """One reason why changes failed."""

    cause: str
    app: str
    """The app where it was most frequent."""
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
    """Changes that were rolled back automatically."""
    gone_back: int
    """Changes that had been deployed and that a person rolled back."""
    left: int
    """Changes that were not rolled back, including those whose rollback failed."""
    causes: tuple[FailureCause, ...]
    """The most frequent first."""
    hours: tuple[Hour, ...]
    """All 24."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waits:
    """Where the time from commit to production went: total seconds of all changes with a lead time."""

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
