"""Events: something happened to an app. Pure: knows nothing about webhooks, schedules or people's clicks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """What happened."""

    PUSH = "push"
    PULL_REQUEST = "pull_request"
    TAG = "tag"
    SCHEDULE = "schedule"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    MANUAL = "manual"


class Signed(StrEnum):
    """How whoever pushed proved who they are."""

    OWN = "own"
    """With a token of their own."""
    APP = "app"
    """With the app's own token, which several people may have."""
    HOST = "host"
    """At the git host, which says who it was under the hook's signature."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pusher:
    """Who pushed, as far as the one who let them in can say. What a commit says is no part of it."""

    signed: Signed
    name: str = ""
    """The user's name, or the login at the host."""
    host: str = ""
    """The git host that says so, by its key in the table of git hosts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    """Somebody whom a commit names as its author or co-author: anybody may write that."""

    name: str
    email: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefGone:
    """A branch or tag was deleted, or a pull request closed: it starts nothing, and what comes under its name is new."""

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
    """One thing that happened to one app, at one commit.

    What nobody could tell is None: a working folder outside git has no commit, and a tag no list of paths.
    """

    kind: EventKind
    app: str
    repository: str | None = None
    """Where to clone from; None for a working folder."""
    commit: str | None = None
    """The full hash of the commit to build."""
    branch: str | None = None
    """The branch pushed to; of a pull request the branch it wants into; None for a tag."""
    trunk: str | None = None
    """The repository's default branch; unasked delivery happens from there only."""
    ref: str | None = None
    """The full reference, such as refs/heads/main or refs/tags/v1."""
    before: str | None = None
    """The commit the branch stood at before a push, where known."""
    author: str | None = None
    """What its commit says of its author."""
    pusher: Pusher | None = None
    """Who pushed; None where nobody recorded it."""
    message: str = ""
    paths: tuple[str, ...] | None = None
    """The files changed, from the repository's root; None when unknown, which counts as every file. A clone tells."""
    delivery: str | None = None
    """The sender's id of the message, by which a redelivered one is known again."""
    received: datetime
    """When it arrived, aware, in UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """One alert that was sent in."""

    name: str
    at: datetime
    labels: Mapping[str, str] = field(default_factory=dict)
