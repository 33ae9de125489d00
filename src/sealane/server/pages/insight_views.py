"""What the page of insights shows, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sealane.server.pages.list_views import Choice
from sealane.server.pages.views import Link, Tone


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A trend as a picture."""

    title: str
    kind: str
    """`bars` or `line`."""
    at: tuple[int, ...]
    """Seconds since 1970 at which each point begins."""
    values: tuple[float | None, ...]
    words: tuple[str, ...]
    """Each point in words."""
    links: tuple[str, ...]
    """Where each point leads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One figure."""

    title: str
    number: str
    unit: str
    change: str
    """How it differs from as many days before; empty where that can't be told."""
    tone: Tone
    note: Link
    """What it is made of; leads to the deployments behind it."""
    chart: Chart


@dataclass(frozen=True, kw_only=True, slots=True)
class FigureRow:
    """The figures of one app, team, environment or point of the trend."""

    name: Link
    cells: tuple[Link, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitPart:
    """One part of the way to production."""

    name: str
    tone: Tone
    share: float
    """Of a hundred."""
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitsBar:
    """Where the time from commit to production goes."""

    whole: str
    parts: tuple[WaitPart, ...]
    behind: Link


@dataclass(frozen=True, kw_only=True, slots=True)
class HourBar:
    """The share of failed changes of one hour of the day."""

    hour: str
    height: int
    """Of a hundred, the highest of all."""
    link: Link


@dataclass(frozen=True, kw_only=True, slots=True)
class RankedRows:
    """The lists of tests."""

    slowest: tuple[FigureRow, ...]
    flakiest: tuple[FigureRow, ...]
    failing: tuple[FigureRow, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class InsightsPage:
    """The page."""

    choices: tuple[Choice, ...]
    csv: str
    environments: tuple[str, ...]
    empty: str
    """Why there is nothing to show; empty where there is."""
    tiles: tuple[Tile, ...]
    by: str
    columns: tuple[str, ...]
    rows: tuple[FigureRow, ...]
    points: tuple[FigureRow, ...]
    waits: WaitsBar | None
    causes: tuple[FigureRow, ...]
    became: tuple[Link, ...]
    """What became of failed changes."""
    hours: tuple[HourBar, ...]
    of_runs: str
    """What figures of runs are about where an environment is chosen: runs are of none."""
    pipelines: tuple[FigureRow, ...]
    steps: tuple[FigureRow, ...]
    tests: RankedRows
    definitions: tuple[tuple[str, str], ...]
