"""What the pages of who may what show, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sealane.server.pages.views import Link, Tone


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessCell:
    """What a person may with an app in one environment."""

    environment: str
    may: tuple[tuple[str, Tone], ...]
    """Verbs, each with its tone."""
    because: tuple[str, ...]
    """What gives each of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessRow:
    """What a person may with an app."""

    name: Link
    """The person, or on one's own page the app."""
    about: str
    cells: tuple[AccessCell | None, ...]
    """In the order of the columns; None where the app is not about the environment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessTable:
    """What people may: everybody with an app, or the reader with every app."""

    app: str
    """Empty where the rows are apps."""
    columns: tuple[str, ...]
    """Environments."""
    rows: tuple[AccessRow, ...]
    nothing: tuple[str, ...] = ()
    """People who may nothing with it."""
