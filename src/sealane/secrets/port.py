"""The port of secret stores. Pure.

A store belongs to one app: secrets of other apps don't exist for it. Its calls may be made in any order, in parallel
and any number of times; none changes anything in the store. Values leave a store only through `read`, and no error's
message contains one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sealane.errors import Refused


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of one secret in one store. It is not secret itself."""

    scheme: str
    name: str
    path: str = ""
    """The file, for stores that have files."""

    def __str__(self) -> str:
        return f"{self.scheme}:{self.path}#{self.name}" if self.path else f"{self.scheme}:{self.name}"


class BadReference(ValueError):
    """An invalid reference to a secret; the message says why, `hint` shows the right form."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class SecretMissing(Refused):
    """The store has no such secret for this app; the message is the reason, without the reference."""


class SecretStore(Protocol):
    """A source of secret values. Raises `errors.Unavailable` when the store itself doesn't answer."""

    @staticmethod
    def parse(rest: str) -> Reference:
        """The reference in the text after the scheme's colon. Raises BadReference, without any of the text."""
        ...

    async def check(self, reference: Reference) -> str | None:
        """Why `read` would fail, or None; without reading the value if the store supports that."""
        ...

    async def read(self, reference: Reference) -> bytes:
        """The value. Raises `SecretMissing`."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreContext:
    """The inputs for opening a store."""

    app: str
    variables: Mapping[str, str]
    """The environment of Sealane's own process."""
    read_file: Callable[[str], bytes]
    """Reads a file of the repository by its path; raises UsageError with the reason."""
    identities: Path
    """The folder of the apps' age identities."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreAdapter:
    """One line of the table of stores; its key is the scheme of references."""

    pattern: str
    """The pattern of the text after the scheme's colon, for editors."""
    parse: Callable[[str], Reference]
    """Like `SecretStore.parse`."""
    in_commit: bool = False
    """Whether its secrets are files of the repository, which can only be read with a commit."""
    open: Callable[[StoreContext], SecretStore]
    """Opens the app's store."""
