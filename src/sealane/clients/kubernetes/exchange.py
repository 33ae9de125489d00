"""Carries calls to one API server and brings back all its answers, also errors: the port of `Transport`.

`direct.Direct` connects to the server; `relayed.Relayed` uses a relay that runs where the server can be reached.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from sealane.clients.kubernetes import attempts

JSON = "application/json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request. `query` values are sent unchanged; `repeatable` says whether sending it twice is harmless.

    `name` is that of a new object, which no path contains.
    """

    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: bytes | None = None
    content_type: str = JSON
    accept: str = JSON
    repeatable: bool = True
    name: str = ""

    def __str__(self) -> str:
        """The request in words, for errors."""
        return attempts.words(self.method, self.path, name=self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Time limits of an answer, in seconds; None: no limit."""

    total: float | None = None
    silence: float | None = None
    """The longest gap between two pieces of the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """The server's answer; the body comes in pieces."""

    status: int
    content_type: str
    retry_after: float | None
    chunks: AsyncIterator[bytes]


class Exchange(Protocol):
    """Sends calls to one API server, each once."""

    @property
    def server(self) -> str:
        """The address of the API server, or the name of its relay."""
        ...

    async def open(self) -> None:
        """Prepares; may connect only with the first call. Raises NoSignIn."""
        ...

    async def close(self) -> None:
        """Ends all connections."""
        ...

    def send(self, call: Call, limits: Limits) -> AbstractAsyncContextManager[Response]:
        """The answer, whatever its status, until the block ends. Raises a ClusterError, also while chunks are read."""
        ...

    async def reachable(self) -> None:
        """Waits while the server is known to be unreachable; makes no request."""
        ...
