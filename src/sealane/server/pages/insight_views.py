"""The views of the page of insights, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sealane.server.pages.list_views import Choice
from sealane.server.pages.views import Link, Tone


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A trend as a chart."""

    title: str
    kind: str
    """`bars` or `line`."""
    at: tuple[int, ...]
    """The beginning of each point, in seconds since 1970."""
    values: tuple[float | None, ...]
    words: tuple[str, ...]
    """Each point in words."""
    links: tuple[str, ...]
    """The address of each point."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One figure."""

    title: str
    number: str
    unit: str
    change: str
    """The difference to the same number of days before; empty if unknown."""
    tone: Tone
    note: Link
    """Its details; leads to the deployments behind it."""
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
    """In percent."""
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitsBar:
    """The parts of the time from commit to production."""

    whole: str
    parts: tuple[WaitPart, ...]
    behind: Link


@dataclass(frozen=True, kw_only=True, slots=True)
class HourBar:
    """The share of failed changes of one hour of the day."""

    hour: str
    height: int
    """In percent of the highest one."""
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
    """Why there is nothing to show; empty otherwise."""
    tiles: tuple[Tile, ...]
    by: str
    columns: tuple[str, ...]
    rows: tuple[FigureRow, ...]
    points: tuple[FigureRow, ...]
    waits: WaitsBar | None
    causes: tuple[FigureRow, ...]
    became: tuple[Link, ...]
    """The results of failed changes."""
    hours: tuple[HourBar, ...]
    of_runs: str
    """A note on figures of runs if an environment is chosen, because runs have none."""
    pipelines: tuple[FigureRow, ...]
    steps: tuple[FigureRow, ...]
    tests: RankedRows
    definitions: tuple[tuple[str, str], ...]
