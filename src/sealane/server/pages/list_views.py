"""The views of lists of runs, deployments and the audit, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sealane.server.pages.views import Link, Pill


@dataclass(frozen=True, kw_only=True, slots=True)
class ListRow:
    """One line of a list."""

    key: str
    """Its id: no other line of the page has it, though several may lead to one place."""
    pill: Pill
    href: str
    what: str
    version: str
    subject: str
    """The first line of the commit's message."""
    facts: tuple[Link, ...]
    """Its origin and who asked for it; links filter the list."""
    because: str
    """Why it failed, or what it waits for; empty otherwise."""
    at: datetime
    took: str
    """How long it took or has been running; empty before its beginning."""
    since: datetime | None
    """Since when it has been running; None otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One filter of a list: a choice of options, or a text field if there are none."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    """The value that is sent, and its text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPage:
    """A list of runs, deployments or lines of the audit."""

    title: str
    path: str
    search: str
    searched: str
    """The fields that the search covers; empty without a search."""
    choices: tuple[Choice, ...]
    chosen: tuple[Link, ...]
    """The active filters; each leads to the list without it."""
    kept: tuple[tuple[str, str], ...] = ()
    """Filters without a choice here, which stay active when another one is set."""
    other: Link | None
    """The other list with the same filters, if any are active."""
    rows: tuple[ListRow, ...]
    empty: str
    older: str
    """The address of the older part; empty at the end."""
