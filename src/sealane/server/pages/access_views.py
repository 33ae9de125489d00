"""The views of the pages of rights, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sealane.server.pages.views import Link, Tone


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessCell:
    """A person's rights on an app in one environment."""

    environment: str
    may: tuple[tuple[str, Tone], ...]
    """Permissions, each with its tone."""
    because: tuple[str, ...]
    """The reasons for each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessRow:
    """A person's rights on an app."""

    name: Link
    """The person, or on one's own page the app."""
    about: str
    cells: tuple[AccessCell | None, ...]
    """In the order of the columns; None if the app has nothing in the environment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessTable:
    """The rights of everybody on an app, or of the reader on every app."""

    app: str
    """Empty if the rows are apps."""
    columns: tuple[str, ...]
    """Environments."""
    rows: tuple[AccessRow, ...]
    nothing: tuple[str, ...] = ()
    """People without any right on it."""
