"""Live followers of events: one read of the outbox serves them all, and none of them is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection

from sealane import clock
from sealane.errors import Unavailable
from sealane.outbox.model import DomainEvent, topics

Read = Callable[[int], Awaitable[tuple[DomainEvent, ...]]]
"""Reads one batch of the events after a cursor, in order."""


class Followers:
    """Everybody who follows topics in this process."""

    def __init__(self, read: Read, newest: Callable[[], Awaitable[int]], *, every: float = 0.2) -> None:
        """`every`: seconds between two reads while somebody follows."""
        self._read = read
        self._newest = newest
        self._every = every
        self._queues: set[asyncio.Queue[tuple[int, frozenset[str]]]] = set()
        self._looking: asyncio.Task[None] | None = None
        self.lag = 0.0
        """Seconds that the oldest event of the last look was old by then; 0 while nobody follows."""

    @property
    def open(self) -> int:
        """The number of followers."""
        return len(self._queues)

    async def follow(self, wanted: Collection[str], *, after: int | None = None) -> AsyncGenerator[int, None]:
        """Yields a cursor at once, and then whenever something under the topics happened, without end.

        With an earlier `cursor`, for somebody who was away, the first one comes only when something has happened since.
        """
        queue: asyncio.Queue[tuple[int, frozenset[str]]] = asyncio.Queue()
        self._queues.add(queue)  # before the read, so that no event is missed
        try:
            seen = await self._newest()
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look(seen))
            if after is None or await self._missed(frozenset(wanted), after, seen):
                yield seen
            while True:
                cursor, changed = await queue.get()
                if cursor > seen and not changed.isdisjoint(wanted):
                    yield cursor
        finally:
            self._queues.discard(queue)

    async def close(self) -> None:
        """Stops reading."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _missed(self, wanted: frozenset[str], after: int, newest: int) -> bool:
        """Whether anything happened since; after a long absence, the answer is yes without a search."""
        if after == newest:
            return False
        read = await self._read(after)
        return not read or read[-1].id < newest or any(topics(event) & wanted for event in read)

    async def _look(self, seen: int) -> None:
        while self._queues:
            try:
                fresh = await self._read(seen)
            except Unavailable:  # the events since then are read when it answers again
                fresh = ()
            if fresh:
                self.lag = max(0.0, (clock.now() - fresh[0].at).total_seconds())
                seen = fresh[-1].id
                changed = frozenset[str]().union(*map(topics, fresh))
                for queue in self._queues:
                    queue.put_nowait((seen, changed))
            await asyncio.sleep(self._every)
        self.lag = 0.0
