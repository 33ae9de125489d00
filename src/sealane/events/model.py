"""Events: something happened to an app. Pure: knows nothing about webhooks, schedules or people's clicks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """The kind of an event."""

    PUSH = "push"
    PULL_REQUEST = "pull_request"
    TAG = "tag"
    SCHEDULE = "schedule"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    MANUAL = "manual"


class Signed(StrEnum):
    """How the pusher proved their identity."""

    OWN = "own"
    """With a token of their own."""
    APP = "app"
    """With the app's own token, which several people may have."""
    HOST = "host"
    """At the git host, which names the user under the hook's signature."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pusher:
    """Who pushed, as known to the server or host that accepted the push; the commit's own data does not count."""

    signed: Signed
    name: str = ""
    """The user's name, or the login at the host."""
    host: str = ""
    """The git host that names the user, by its key in the table of git hosts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    """Somebody that a commit names as its author or co-author: anybody may write that."""

    name: str
    email: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefGone:
    """A branch or tag was deleted, or a pull request closed: it starts nothing, and whatever reuses its name is new."""

    app: str
    ref: str
    """The full reference."""
    reason: str
    """What happened, in words."""
    delivery: str | None = None
    """The sender's id of the message."""
    received: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened to one app, at one commit.

    Unknown values are None: a working folder outside git has no commit, and a tag no list of paths.
    """

    kind: EventKind
    app: str
    repository: str | None = None
    """Where to clone from; None for a working folder."""
    commit: str | None = None
    """The full hash of the commit to build."""
    branch: str | None = None
    """The pushed branch; for a pull request, its target branch; None for a tag."""
    trunk: str | None = None
    """The repository's default branch; deliveries without conditions only happen from there."""
    ref: str | None = None
    """The full reference, such as refs/heads/main or refs/tags/v1."""
    before: str | None = None
    """The branch's commit before a push, if known."""
    author: str | None = None
    """The author, according to the commit."""
    pusher: Pusher | None = None
    """Who pushed; None if nobody recorded it."""
    message: str = ""
    paths: tuple[str, ...] | None = None
    """The changed files, from the repository's root; None when unknown, which counts as every file. A clone tells."""
    delivery: str | None = None
    """The sender's id of the message, which identifies a message that is delivered again."""
    received: datetime
    """When it arrived, aware, in UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """One alert that was received."""

    name: str
    at: datetime
    labels: Mapping[str, str] = field(default_factory=dict)
