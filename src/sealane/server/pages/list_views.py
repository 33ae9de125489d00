"""What lists of runs, deployments and the audit show, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sealane.server.pages.views import Link, Pill


@dataclass(frozen=True, kw_only=True, slots=True)
class ListRow:
    """One line of a list."""

    pill: Pill
    href: str
    what: str
    version: str
    subject: str
    """The first line of the commit's message."""
    facts: tuple[Link, ...]
    """Where it comes from and who asked; links filter the list."""
    because: str
    """Why it failed, or what it waits for; empty where there is nothing to say."""
    at: datetime
    took: str
    """How long it took or has been going on; empty before it began."""
    since: datetime | None
    """Since when it goes on, while it does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One filter of a list: a list of what can be chosen, or a line to write where there is none."""

    name: str
    label: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    """What is sent, and what people read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPage:
    """A list of runs, deployments or lines of the audit."""

    title: str
    path: str
    search: str
    searched: str
    """What the search looks at; empty where nothing is searched."""
    choices: tuple[Choice, ...]
    chosen: tuple[Link, ...]
    """The filters that are set; each leads to the list without it."""
    kept: tuple[tuple[str, str], ...] = ()
    """Filters that nothing here chooses, which stay when another one is set."""
    other: Link | None
    """The other list with the same filters, where any are set."""
    rows: tuple[ListRow, ...]
    empty: str
    older: str
    """Where the list goes on; empty at its end."""
