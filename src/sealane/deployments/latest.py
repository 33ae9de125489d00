"""The newest value of a stream, for a reader that is slower than the stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Generic, Self, TypeVar

from sealane import errors

T = TypeVar("T")
Taken = Callable[[T], Awaitable[T]]
"""What is kept of a value that comes."""


async def whole(value: T) -> T:
    """All of it."""
    return value


class Latest(Generic[T]):
    """The last value that came. Use it with `async with`: leaving ends the reading."""

    def __init__(self, source: AsyncIterator[T], taken: Taken[T] = whole) -> None:
        self.seen: T | None = None
        self._new = asyncio.Event()
        self._source = source
        self._taken = taken
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def woken(self, span: timedelta | None = None) -> None:
        """Waits for a new value, for `span` at most. Raises the source's errors, and Unavailable at its end."""
        assert self._reading is not None, "it was entered"
        new = asyncio.create_task(self._new.wait())
        try:
            timeout = max(span.total_seconds(), 0) if span is not None else None
            await asyncio.wait({new, self._reading}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            new.cancel()
        if self._reading.done() and not self._new.is_set():
            self._reading.result()
            raise errors.Unavailable("the destination stopped telling what it sees", hint="try again")
        self._new.clear()

    async def _read(self) -> None:
        async for observation in self._source:
            self.seen = await self._taken(observation)
            self._new.set()
