"""Users, their tokens and sessions, and the filter of the audit. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

ADMINISTRATORS = "administrators"
"""The group whose members manage users; at least one always remains."""


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """Someone with tokens."""

    name: str
    groups: frozenset[str]
    created: datetime


RELAY = "relay"
"""The kind of a token that lets a relay dial in, and nothing else."""
SILENT = timedelta(seconds=30)
"""A relay's connection counts as gone when its process has not confirmed it for this long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A stored token, never in clear. `user` or `app` is its owner; a relay's token has neither."""

    id: str
    kind: str
    """`user`, `push` or `relay`."""
    user: str | None
    app: str | None
    name: str
    """What it is for; for a relay's token, the relay."""
    hash: str = field(repr=False)
    created: datetime
    used: datetime | None
    expires: datetime | None = None
    """When it expires; None: never."""
    made_with: str | None = None
    """The id of the token that its maker had signed in with; None if not recorded."""


class Reach(StrEnum):
    """Which tokens made with a token end when it is revoked."""

    OWN = "own"
    """The same user's tokens made with it, directly or not."""
    NOTHING = "nothing"
    """Only the token itself."""
    EVERYTHING = "everything"
    """Tokens of other users and of apps, too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayLine:
    """A relay's newest connection to one process of the server."""

    relay: str
    process: str
    version: str
    """Sealane's version at the relay."""
    begun: datetime
    seen: datetime
    """When the process last confirmed it."""
    ended: datetime | None = None

    def stands(self, now: datetime) -> bool:
        """Whether the connection is up; a killed process confirms it no longer."""
        return self.ended is None and now - self.seen < SILENT

    @property
    def left(self) -> datetime:
        """When it ended, as far as known; while it is up: when it was last seen."""
        return self.ended or self.seen


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSession:
    """A browser's session; its id is the hash of the cookie's value."""

    id: str
    user: str
    csrf: str = field(repr=False)
    expires: datetime
    token_id: str | None = None
    """The token it was begun with; the session ends with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditFilter:
    """Which events of the audit are listed; None filters nothing."""

    app: str | None = None
    actor: str | None = None
    kind: str | None = None


EVERY_LINE = AuditFilter()
