"""What the overview shows, as values. Pure."""

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
    """How what is there fares; None while something is on its way."""
    drift: Link | None = None
    """What somebody changed since it was deployed, as it was seen last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One app over all formations, in the order of the columns; None where it isn't."""

    app: str
    owner: str
    about: str
    cells: tuple[Cell | None, ...]
    href: str
    run: ListRow | None = None
    """The newest run, where it did not come to its end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The last seven days in four numbers; the days' counts end today."""

    days: tuple[int, ...]
    rolled_back: int
    back_after: str
    """Median time from apply to the old version serving, of rollouts, in words; empty when none was rolled back."""
    to_production: str
    waiting: int
    oldest: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedLine:
    """Something that others deploy."""

    app: str
    owner: str
    where: str
    """Its formation, and its environment where that has another name."""
    place: str
    version: str
    health: HealthSaid | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Untold:
    """Notices that one target can't be sent."""

    target: str
    words: str
    """How many, and whether they are tried again."""
    reason: str
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """What needs me, then what is where."""

    figures: Figures
    needs: tuple[Need, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    asked: str = ""
    """What was looked for, when the rows are what was found."""
