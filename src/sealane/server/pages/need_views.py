"""The views of things that wait for a person, or failed and block something, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sealane.server.pages.views import Action, Link, Pill


@dataclass(frozen=True, kw_only=True, slots=True)
class OlderRow:
    """An older one that waits for the same decision."""

    version: str
    subject: str
    href: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """One thing that waits for a person, or failed and blocks something."""

    key: str
    """Stays the same when the page is read again, and is unique on it."""
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
    """The text of a button to its page; if empty, its name is the link."""
    otherwise: str = ""
    """What happens without an answer, and when."""
    answers: tuple[Action, ...] = ()
    """The answers that this reader may give."""
    why_not: str = ""
    """Why they may not answer."""
    wrong: bool = False
    """Whether it failed, rather than waits."""
    facts: tuple[Link, ...] = ()
    """For an approval: the author, the new commits, the tests and the build."""
    commits: tuple[str, ...] = ()
    """For an approval: its commits."""
    difference: tuple[str, ...] = ()
    """For an approval: its changes."""
    first: bool = False
    """Whether it is the first deployment there."""
    older: tuple[OlderRow, ...] = ()
    """Older ones of the same formation."""
