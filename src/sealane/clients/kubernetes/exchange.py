"""What carries calls to one API server and brings back its answers, good or not: the port of `Transport`.

`direct.Direct` connects to the server; `relayed.Relayed` has a relay do it, which runs where the server can be reached.
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
    """One request. `query` values are sent as they are; `repeatable` says whether sending it twice does no harm.

    `name` is that of the object that is created, which no path holds.
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
        """What it was to do, as errors name it."""
        return attempts.words(self.method, self.path, name=self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Seconds that an answer may take; None: for ever."""

    total: float | None = None
    silence: float | None = None
    """The longest gap between two pieces of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """What the server answers; the body comes in pieces."""

    status: int
    content_type: str
    retry_after: float | None
    chunks: AsyncIterator[bytes]


class Exchange(Protocol):
    """Sends calls to one API server, each once."""

    @property
    def server(self) -> str:
        """The address of the API server, or the name of what reaches it."""
        ...

    async def open(self) -> None:
        """Gets ready; may connect only when first asked. Raises NoSignIn."""
        ...

    async def close(self) -> None:
        """Ends all connections."""
        ...

    def send(self, call: Call, limits: Limits) -> AbstractAsyncContextManager[Response]:
        """The answer, whatever its status, until the block ends. Raises a ClusterError, also while chunks are read."""
        ...

    async def reachable(self) -> None:
        """Waits for as long as it is known without asking that nothing reaches the server."""
        ...
