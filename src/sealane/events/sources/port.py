"""The port of git hosts: how each signs and sends messages, and how it identifies people. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sealane.events.sources.webhooks import Message


class Reader(Protocol):
    """Verifies and reads one message; header names are lower case."""

    def __call__(
        self, app: str, headers: Mapping[str, str], body: bytes, *, secret: str, received: datetime
    ) -> Message:
        """The result for each reference in the message, and the repository that it is about.

        Raises NotSignedIn for a wrong signature, UsageError for an unreadable message.
        """
        ...


def _nobody(email: str) -> str | None:
    del email
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHost:
    """One line of the table of git hosts; its key is used in webhooks' addresses, in people.yaml, and for pushers."""

    name: str
    """Its name for people."""
    read: Reader
    proof: str
    """The header, in lower case, in which a message proves that its sender knows the app's secret."""
    keyed: bool = True
    """Whether that is an HMAC-SHA256 of the body with the secret; False: the secret itself."""
    dated: bool = True
    """Whether its messages have times, so that the same bytes are the same message (decision 0034)."""
    login: Callable[[str], str | None] = _nobody
    """The login for an address that the host itself gives its users for commits; None for any other."""
