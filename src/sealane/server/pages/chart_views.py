"""The views of charts over time, as values: bars on a time line, their order, and counts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sealane.server.pages.time_scale import Cut, Tick
from sealane.server.pages.views import Tone

BarTone = Tone | Literal["back", "none"]
"""`none` is drawn hollow: not started, or only waiting. `back` is a rollback."""
ROW = 44
"""Pixels from one row to the next."""
MIDDLE = 33
"""Pixels from a row's top to the middle of its bar."""
BAR = 10
"""Pixels of a bar's height."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A span of time: its beginning and its width, in percent."""

    x: float
    width: float
    tone: BarTone
    title: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A moment on a row: a request and its answer."""

    x: float
    good: bool
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartRow:
    """One thing with its times."""

    key: str
    """Stays the same when the page is read again, and is unique in its chart."""
    name: str
    kind: str
    state: str
    tone: BarTone
    time: str
    href: str
    after: str
    """Its predecessors, in words; empty without any."""
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """An order of two rows: down from the end of one's bar, then to the beginning of the other's."""

    x: float
    """The end of the first one."""
    y: int
    to_x: float
    to_y: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """Rows on one time line."""

    rows: tuple[ChartRow, ...]
    edges: tuple[Edge, ...]
    ticks: tuple[Tick, ...]
    cuts: tuple[Cut, ...]
    more: int = 0
    """Number of rows that are left out."""

    @property
    def height(self) -> int:
        """Of all rows, in pixels."""
        return ROW * len(self.rows)


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """The number of instances during a span, as heights in pixels from the bottom."""

    x: float
    width: float
    parts: tuple[tuple[str, float, float], ...]
    """The kind (`new`, `coming`, `old`), the distance from the top, and the height."""
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CountRow:
    """The same in numbers."""

    after: str
    new: int
    coming: int
    old: int


@dataclass(frozen=True, kw_only=True, slots=True)
class InstanceChart:
    """Instances over time, old and new ones."""

    unit: str
    """Their name in the plural."""
    words: str
    """The content in a sentence."""
    height: int
    most: int
    columns: tuple[Column, ...]
    numbers: tuple[CountRow, ...]
