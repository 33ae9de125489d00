"""The port of git hosts: what one of them signs and sends, and how it knows people. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sealane.events.sources.webhooks import Read


class Reader(Protocol):
    """Verifies and reads one message; header names are lower case."""

    def __call__(
        self, app: str, headers: Mapping[str, str], body: bytes, *, secret: str, received: datetime
    ) -> tuple[Read, ...]:
        """What it says of each reference that it tells of, at least one. Raises NotSignedIn for a wrong signature, UsageError for what can't be read."""
        ...


def _nobody(email: str) -> str | None:
    del email
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHost:
    """One line of the table of git hosts; its key stands in the addresses of webhooks, in people.yaml, and at who pushed."""

    name: str
    """As people know it."""
    read: Reader
    proof: str
    """The header, in lower case, in which a message proves that it knows the app's secret."""
    keyed: bool = True
    """Whether that is an HMAC-SHA256 of the body with the secret; False: the secret itself."""
    dated: bool = True
    """Whether its messages say when something happened, so that the same bytes are the same message (decision 0034)."""
    login: Callable[[str], str | None] = _nobody
    """The login that an address belongs to which the host itself gives its users for commits; None for any other."""
