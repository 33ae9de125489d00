"""The port every store of secrets fills. Pure.

A store belongs to one app: what it can't give to that app isn't there. Its calls may be made in any order, at once
and any number of times; none changes anything in the store. Values leave a store only through `read`, and no message
of an error holds one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sealane.errors import Refused


@dataclass(frozen=True, slots=True)
class Reference:
    """Names one secret in one store. It is no secret itself."""

    scheme: str
    name: str
    path: str = ""
    """The file, for stores that have files."""

    def __str__(self) -> str:
        return f"{self.scheme}:{self.path}#{self.name}" if self.path else f"{self.scheme}:{self.name}"


class BadReference(ValueError):
    """No reference to a secret; the message says why, `hint` how it is written."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class SecretMissing(Refused):
    """The store has no such secret for this app; the message is the reason, without the reference."""


class SecretStore(Protocol):
    """Where values of secrets come from. Raises `errors.Unavailable` when the store itself doesn't answer."""

    @staticmethod
    def parse(rest: str) -> Reference:
        """The reference that stands after the scheme's colon. Raises BadReference, without any of the text."""
        ...

    async def check(self, reference: Reference) -> str | None:
        """Why `read` would give nothing, or None; without looking at the value where the store allows that."""
        ...

    async def read(self, reference: Reference) -> bytes:
        """The value. Raises `SecretMissing`."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreContext:
    """What a store is opened with."""

    app: str
    variables: Mapping[str, str]
    """The environment of Sealane's own process."""
    read_file: Callable[[str], bytes]
    """A file of the repository by its path; raises UsageError with the reason."""
    identities: Path
    """The folder of the apps' age identities."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreAdapter:
    """One line of the table of stores; its key is the scheme of references."""

    pattern: str
    """What follows the scheme's colon, for editors."""
    parse: Callable[[str], Reference]
    """As `SecretStore.parse`."""
    in_commit: bool = False
    """Whether its secrets are files of the repository, so that a commit has to be there to read them."""
    open: Callable[[StoreContext], SecretStore]
    """The app's store."""
