"""What waits for a person, or went wrong and holds something up, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sealane.server.pages.views import Action, Link, Pill


@dataclass(frozen=True, kw_only=True, slots=True)
class OlderRow:
    """One that waits for the same and comes before."""

    version: str
    subject: str
    href: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """One thing that waits for a person, or went wrong and holds something up."""

    key: str
    """The same each time the page is read, and no other's on it."""
    pill: Pill
    app: str
    version: str
    subject: str = ""
    """The first line of the commit's message."""
    formation: str
    words: str
    at: datetime
    href: str
    link: str
    """What a button to its page says; without one its name leads there."""
    otherwise: str = ""
    """What comes of it without anybody's word, and when."""
    answers: tuple[Action, ...] = ()
    """What the reader may answer, where their word counts."""
    why_not: str = ""
    """Why it doesn't."""
    wrong: bool = False
    """Whether it went wrong, instead of waiting."""
    facts: tuple[Link, ...] = ()
    """For an approval, who wrote it, what is new, how it was tested and where it was built."""
    commits: tuple[str, ...] = ()
    """For an approval, the commits that it brings."""
    difference: tuple[str, ...] = ()
    """For an approval, what it would change."""
    first: bool = False
    """Whether nothing was there before."""
    older: tuple[OlderRow, ...] = ()
    """Others of the same formation that come before it."""
