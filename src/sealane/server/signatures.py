"""Verifies signed messages with one of several secrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sealane.errors import NotSignedIn

Read = TypeVar("Read")


def with_any(secrets: Sequence[str], read: Callable[[str], Read]) -> Read:
    """The result of `read` for the message with the first secret that fits. Raises NotSignedIn when none does."""
    for secret in secrets[:-1]:
        try:
            return read(secret)
        except NotSignedIn:
            continue
    return read(secrets[-1])
