"""A notice: what is known of one thing that somebody is told of, as it stands now. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sealane.outbox.notice_kinds import NoticeKind


class Tone(StrEnum):
    """How it stands."""

    GOING = "going"
    GOOD = "good"
    WAITS = "waits"
    BAD = "bad"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing that happened, in a sentence."""

    kind: NoticeKind
    at: datetime
    text: str
    event: int
    """The id of the event that told it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A page, by its whole address."""

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
    """What there is to tell of one thing: a deployment, the runs of a branch while they fail, a formation's health."""

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
    """In a line: `shop/production: rolled back`."""
    text: str
    """The cause, or what else there is to say, in a sentence or two."""
    facts: tuple[tuple[str, str], ...] = ()
    """What else is known: a word and a value each."""
    log: tuple[str, ...] = ()
    """The last lines of the log that tells why."""
    log_of: str = ""
    """Whose log that is."""
    links: tuple[Link, ...] = ()
    version: str = ""
    """What is deployed: a short commit, or the hash of a revision."""
    commit: Commit | None = None
    repository: str = ""
    """Where the app's repository is."""
    entries: tuple[Entry, ...] = ()
    """All that happened to the thing, the oldest first; of many the last ones."""


class TellState(StrEnum):
    """How far the telling of a notice is."""

    UNSENT = "unsent"
    SENT = "sent"
    GIVEN_UP = "given_up"
    """It could not be sent for a day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """One notice for one target, as it is kept: what there is to tell, and how far that was told."""

    id: str
    target: str
    """The target's name; the address of one that a commit brought along."""
    own: Mapping[str, Any] | None = None
    """The target as a commit wrote it, where operators don't list it."""
    notice: Notice
    version: int
    """Counts what was added to the notice."""
    told: int = 0
    """The version that the target has; 0 before any."""
    told_event: int = 0
    """The last event that the target was told of."""
    reference: Mapping[str, str] = field(default_factory=dict)
    """What the target calls the message, so that it can be edited or answered."""
    state: TellState = TellState.UNSENT
    tries: int = 0
    """How often it was tried in vain since it was sent last."""
    since: datetime | None = None
    """Since when it can't be sent."""
    again: datetime
    """When it is sent, or tried next."""
    reason: str | None = None
    """Why it could not be sent."""
    created: datetime
    updated: datetime

    @property
    def fresh(self) -> tuple[Entry, ...]:
        """What the target was not told of yet."""
        return tuple(entry for entry in self.notice.entries if entry.event > self.told_event)
