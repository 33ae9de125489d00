"""Who may sign in, by what, and who did what. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

ADMINISTRATORS = "administrators"
"""The group whose people manage users: one of them always stays."""


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """Someone with tokens."""

    name: str
    groups: frozenset[str]
    created: datetime


RELAY = "relay"
"""The kind of a token that lets a relay dial in, and nothing else."""
SILENT = timedelta(seconds=30)
"""A process that said nothing of a relay's connection for so long has none any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A token as it is kept: never in clear. `user` or `app` says whose it is; one of a relay is of neither."""

    id: str
    kind: str
    """`user`, `push` or `relay`."""
    user: str | None
    app: str | None
    name: str
    """What it is for; of a relay's token the relay."""
    hash: str = field(repr=False)
    created: datetime
    used: datetime | None
    expires: datetime | None = None
    """From when it is void; None: never."""
    made_with: str | None = None
    """The id of the token that whoever made it had signed in with; None where nobody recorded one."""


class Reach(StrEnum):
    """What of a token's making ends with it when it is revoked."""

    OWN = "own"
    """The tokens of the same user that were made with it, and so on."""
    NOTHING = "nothing"
    """It ends alone: what was made with it takes its place."""
    EVERYTHING = "everything"
    """Those of other users and of apps, too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayLine:
    """A relay's connection to one process of the server, the newest of the two."""

    relay: str
    process: str
    version: str
    """Sealane's version at the relay."""
    begun: datetime
    seen: datetime
    """When the process last said that it stands."""
    ended: datetime | None = None

    def stands(self, now: datetime) -> bool:
        """Whether it does; a process that was killed says no more about its own."""
        return self.ended is None and now - self.seen < SILENT

    @property
    def left(self) -> datetime:
        """When it ended, as far as anybody knows; while it stands: when it was last seen."""
        return self.ended or self.seen


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSession:
    """A browser's session; its id is the hash of what the cookie holds."""

    id: str
    user: str
    csrf: str = field(repr=False)
    expires: datetime
    token_id: str | None = None
    """The token it was begun with, which ends it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditFilter:
    """Which events of the audit are listed; what is None lets all through."""

    app: str | None = None
    actor: str | None = None
    kind: str | None = None


EVERY_LINE = AuditFilter()
