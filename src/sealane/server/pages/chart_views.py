"""What pictures of times show, as values: bars on a line of time, what comes after what, and counts over time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sealane.server.pages.time_scale import Cut, Tick
from sealane.server.pages.views import Tone

BarTone = Tone | Literal["back", "none"]
"""`none` is drawn hollow: it has not begun, or only waited. `back`: the way back to what was there before."""
ROW = 44
"""Pixels from a row to the next one."""
MIDDLE = 33
"""Pixels from a row's top to the middle of its bar."""
BAR = 10
"""Pixels that a bar is high."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A span of time: where it begins and how wide it is, in parts of a hundred."""

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
    """The same each time the page is read, and no other's in its picture."""
    name: str
    kind: str
    state: str
    tone: BarTone
    time: str
    href: str
    after: str
    """What it comes after, in words; empty where nothing is before it."""
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
    """One comes after the other: down from the end of its bar, then to where the other begins."""

    x: float
    """Of the end of what comes first."""
    y: int
    to_x: float
    to_y: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """Rows on one line of time."""

    rows: tuple[ChartRow, ...]
    edges: tuple[Edge, ...]
    ticks: tuple[Tick, ...]
    cuts: tuple[Cut, ...]
    more: int = 0
    """Rows that are left out."""

    @property
    def height(self) -> int:
        """Of all rows, in pixels."""
        return ROW * len(self.rows)


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """How many instances there were for a while, as heights in pixels from the bottom."""

    x: float
    width: float
    parts: tuple[tuple[str, float, float], ...]
    """What they are (`new`, `coming`, `old`), where it begins from the top, and how high it is."""
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
    """Instances over time, old ones and new ones."""

    unit: str
    """What they are called, in the plural."""
    words: str
    """What it shows, in a sentence."""
    height: int
    most: int
    columns: tuple[Column, ...]
    numbers: tuple[CountRow, ...]
