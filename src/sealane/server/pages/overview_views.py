"""The views of the overview, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sealane.server.pages.list_views import ListRow
from sealane.server.pages.need_views import Need
from sealane.server.pages.views import HealthSaid, Link, Pill


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One app in one formation."""

    pill: Pill
    version: str
    since: datetime
    href: str
    note: str = ""
    health: HealthSaid | None = None
    """Its current health; None during a deployment."""
    drift: Link | None = None
    """The changes since its deployment, as last seen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One app in all formations, in the order of the columns; None if it is not there."""

    app: str
    owner: str
    about: str
    cells: tuple[Cell | None, ...]
    href: str
    run: ListRow | None = None
    """The newest run, unless it succeeded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The last seven days in four numbers; the daily counts end today."""

    days: tuple[int, ...]
    rolled_back: int
    back_after: str
    """Median time from apply until the old version serves again, for rollbacks, in words; empty without any."""
    to_production: str
    waiting: int
    oldest: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedLine:
    """A workload that others deploy."""

    app: str
    owner: str
    where: str
    """Its formation, and its environment if that has another name."""
    place: str
    version: str
    health: HealthSaid | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Untold:
    """Unsent notices of one target."""

    target: str
    words: str
    """How many, and whether they will be tried again."""
    reason: str
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """The reader's tasks, then what runs where."""

    figures: Figures
    needs: tuple[Need, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    asked: str = ""
    """The search text, if the rows are its results."""
