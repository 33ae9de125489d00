"""Metrics as values: definitions, measurements of one event, and families of samples as shown. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Unit(StrEnum):
    """The unit of a measurement."""

    COUNT = "count"
    SECONDS = "seconds"


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """One metric that events are measured by."""

    name: str
    """Its name after the prefix: `release.count`."""
    unit: Unit
    help: str
    labels: tuple[str, ...]
    """Tags that have few values; every metric store gets them."""
    details: tuple[str, ...] = ()
    """Tags with an unlimited number of values; only stores that can handle them get them."""

    @property
    def family(self) -> str:
        """Its name at `/metrics`: `sealane_release_count_total`, `sealane_release_elapsed_time_seconds`."""
        ending = "total" if self.unit is Unit.COUNT else "seconds"
        return f"sealane_{self.name.replace('.', '_')}_{ending}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """A number measured on one event."""

    definition: Definition
    value: float
    at: datetime
    labels: Mapping[str, str]
    details: Mapping[str, str] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)
    """Its origin, for an exemplar: the deployment or the run, and its trace."""


BUCKETS: tuple[float, ...] = (1, 2.5, 5, 10, 20, 40, 60, 90, 120, 180, 300, 600, 1200, 1800, 3600, 7200)
"""Seconds, for what people wait for: a rollout, a run, a place in the queue."""
LATENCY_BUCKETS: tuple[float, ...] = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds, for responses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exemplar:
    """One counted example, by its labels."""

    labels: Mapping[str, str]
    value: float
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """How many values are in each bucket, the last one being above all bounds."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    """One more than there are bounds; each counts its own bucket only."""
    sum: float

    @classmethod
    def empty(cls, bounds: tuple[float, ...]) -> Distribution:
        """A distribution without values."""
        return cls(bounds=bounds, counts=(0,) * (len(bounds) + 1), sum=0.0)

    def plus(self, value: float) -> Distribution:
        """The distribution with one more value."""
        place = bisect_left(self.bounds, value)
        counts = (*self.counts[:place], self.counts[place] + 1, *self.counts[place + 1 :])
        return Distribution(bounds=self.bounds, counts=counts, sum=self.sum + value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One series' value."""

    value: float | Distribution
    labels: Mapping[str, str] = field(default_factory=dict)
    exemplar: Exemplar | None = None


class Shape(StrEnum):
    """How a family's numbers behave: only grow, go up and down, or fall into buckets."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """All series of one name."""

    name: str
    shape: Shape
    help: str
    samples: Sequence[Sample]


class Level(StrEnum):
    """The level of an announcement, named as in Datadog's events."""

    INFO = "info"
    SUCCESS = "success"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement:
    """What a metric store shows beside its graphs: a deployment began, or ended."""

    title: str
    text: str
    level: Level
    at: datetime
    key: str
    """The same for all announcements of one deployment."""
    labels: Mapping[str, str]
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A part of a trace: something that took time."""

    trace: str
    """32 hexadecimal digits."""
    id: str
    """16 hexadecimal digits."""
    parent: str | None
    name: str
    start: datetime
    end: datetime
    good: bool | None = None
    """None if it neither succeeded nor failed."""
    message: str = ""
    """What went wrong."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    events: tuple[tuple[datetime, str], ...] = ()
    """What happened during it, and when."""
