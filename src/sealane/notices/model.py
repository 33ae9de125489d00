"""A notice: the current state of one thing that people are notified about. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sealane.outbox.notice_kinds import NoticeKind


class Tone(StrEnum):
    """How good or bad it is."""

    GOING = "going"
    GOOD = "good"
    WAITS = "waits"
    BAD = "bad"
    OVER = "over"
    """Neither good nor bad: it was cancelled, or superseded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing that happened, in a sentence."""

    kind: NoticeKind
    at: datetime
    text: str
    event: int
    """The id of its event."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A page, by its full address."""

    words: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """The commit that it is about."""

    id: str
    """The full hash."""
    subject: str
    author: str | None
    branch: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """All there is to say about one thing: a deployment, the failing runs of a branch, a formation's health."""

    thing: str
    """Its key: `deployment:d-1x9kq3m7wz`."""
    kind: NoticeKind
    """What happened last."""
    tone: Tone
    app: str
    owner: str
    formation: str | None = None
    environment: str | None = None
    run: str | None = None
    deployment: str | None = None
    title: str
    """One line: `shop/production: rolled back`."""
    text: str
    """The cause or another explanation, in a sentence or two."""
    facts: tuple[tuple[str, str], ...] = ()
    """Further facts: a label and a value each."""
    log: tuple[str, ...] = ()
    """The last lines of the log that shows the cause."""
    log_of: str = ""
    """What the log belongs to."""
    links: tuple[Link, ...] = ()
    version: str = ""
    """What is deployed: a short commit, or the hash of a revision."""
    commit: Commit | None = None
    repository: str = ""
    """Where the app's repository is."""
    entries: tuple[Entry, ...] = ()
    """What happened to the thing, oldest first; only the last entries when there are many."""


class TellState(StrEnum):
    """How far a notice was sent."""

    UNSENT = "unsent"
    SENT = "sent"
    GIVEN_UP = "given_up"
    """It could not be sent for a day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """One stored notice for one target: its content, and how far it was sent."""

    id: str
    target: str
    """The target's name, or the address of a target that a commit defines."""
    own: Mapping[str, Any] | None = None
    """The target as the commit defines it, when operators don't list it."""
    notice: Notice
    version: int
    """Counts the changes of the notice."""
    told: int = 0
    """The version that the target has; 0 before any."""
    told_event: int = 0
    """The last event that the target received."""
    reference: Mapping[str, str] = field(default_factory=dict)
    """The target's name for the message, used to edit or answer it."""
    state: TellState = TellState.UNSENT
    tries: int = 0
    """Failed tries since it was last sent."""
    since: datetime | None = None
    """When sending first failed."""
    again: datetime
    """When to send it, or to try again."""
    reason: str | None = None
    """Why it could not be sent."""
    created: datetime
    updated: datetime

    @property
    def fresh(self) -> tuple[Entry, ...]:
        """The entries that the target has not received yet."""
        return tuple(entry for entry in self.notice.entries if entry.event > self.told_event)
