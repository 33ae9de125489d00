"""Live followers of what happened: one look at the outbox serves all who follow. Nobody who is away is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection

from sealane import clock
from sealane.errors import Unavailable
from sealane.outbox.model import DomainEvent, topics

Read = Callable[[int], Awaitable[tuple[DomainEvent, ...]]]
"""What happened after a cursor, in order, as much as is read at once."""


class Followers:
    """Whoever follows topics in this process."""

    def __init__(self, read: Read, newest: Callable[[], Awaitable[int]], *, every: float = 0.2) -> None:
        """`every` is the seconds between two looks while somebody follows."""
        self._read = read
        self._newest = newest
        self._every = every
        self._queues: set[asyncio.Queue[tuple[int, frozenset[str]]]] = set()
        self._looking: asyncio.Task[None] | None = None
        self.lag = 0.0
        """Seconds that the oldest event of the last look was old by then; 0 while nobody follows."""

    @property
    def open(self) -> int:
        """How many follow."""
        return len(self._queues)

    async def follow(self, wanted: Collection[str], *, after: int | None = None) -> AsyncGenerator[int, None]:
        """Gives a cursor at once, and then whenever something under the topics happened, without end.

        With the cursor of before, as of somebody who was away, the first one only when something has happened since.
        """
        queue: asyncio.Queue[tuple[int, frozenset[str]]] = asyncio.Queue()
        self._queues.add(queue)  # before it reads, so that nothing falls in between
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
        """Stops looking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _missed(self, wanted: frozenset[str], after: int, newest: int) -> bool:
        """Whether there is anything to tell; who was away for long is told so without a search."""
        if after == newest:
            return False
        read = await self._read(after)
        return not read or read[-1].id < newest or any(topics(event) & wanted for event in read)

    async def _look(self, seen: int) -> None:
        while self._queues:
            try:
                fresh = await self._read(seen)
            except Unavailable:  # what happened meanwhile is found when it answers again
                fresh = ()
            if fresh:
                self.lag = max(0.0, (clock.now() - fresh[0].at).total_seconds())
                seen = fresh[-1].id
                changed = frozenset[str]().union(*map(topics, fresh))
                for queue in self._queues:
                    queue.put_nowait((seen, changed))
            await asyncio.sleep(self._every)
        self.lag = 0.0
