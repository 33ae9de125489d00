"""What changed, for whoever shows it live: topics written in the same transaction as the change.

Topics: `overview`, `run:ID`, `deployment:ID`. Followers in other processes see them too, a moment later.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from sealane.errors import Unavailable
from sealane.store.database import Database
from sealane.store.tables import changes

OVERVIEW = "overview"

_KEPT = timedelta(hours=1)
_LOOK_BACK = 100


def tell(connection: sa.Connection, at: datetime, *topics: str) -> None:
    """Notes in this transaction that something under these topics changed."""
    connection.execute(sa.insert(changes), [{"topic": topic, "at": at} for topic in dict.fromkeys(topics)])


class Changes:
    """Follows what changes. One look at the database serves all followers."""

    def __init__(self, database: Database, *, every: float = 0.2) -> None:
        """`every` is the seconds between two looks while somebody follows."""
        self._database = database
        self._every = every
        self._followers: set[asyncio.Queue[frozenset[str]]] = set()
        self._looking: asyncio.Task[None] | None = None

    async def follow(self, topics: Collection[str]) -> AsyncGenerator[frozenset[str], None]:
        """Gives all the topics at once, and then those that changed, as they change, without end."""
        wanted = frozenset(topics)
        queue: asyncio.Queue[frozenset[str]] = asyncio.Queue()
        seen = await self._newest()
        self._followers.add(queue)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(seen))
        try:
            yield wanted
            while True:
                if changed := await queue.get() & wanted:
                    yield changed
        finally:
            self._followers.discard(queue)

    async def trim(self, at: datetime) -> None:
        """Forgets what nobody can be waiting for any more."""
        await self._database.write(lambda c: c.execute(sa.delete(changes).where(changes.c.at < at - _KEPT)))

    async def close(self) -> None:
        """Stops looking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _newest(self) -> int:
        return await self._database.read(lambda c: c.execute(sa.select(sa.func.max(changes.c.id))).scalar() or 0)

    async def _look(self, seen: int) -> None:
        """Numbers may become visible out of order on PostgreSQL, so the last hundred are looked at again."""
        known: set[int] | None = None
        while self._followers:
            try:
                rows = await self._database.read(functools.partial(_after, number=seen - _LOOK_BACK))
            except Unavailable:  # what changed meanwhile is found when it answers again
                await asyncio.sleep(self._every)
                continue
            late = {number for number, _ in rows} - known if known is not None else set()
            fresh = {number: topic for number, topic in rows if number > seen or number in late}
            known = {number for number, _ in rows}
            if fresh:
                seen = max(seen, *fresh)
                topics = frozenset(fresh.values())
                for follower in self._followers:
                    follower.put_nowait(topics)
            await asyncio.sleep(self._every)


def _after(connection: sa.Connection, number: int) -> list[tuple[int, str]]:
    chosen = sa.select(changes.c.id, changes.c.topic).where(changes.c.id > number).order_by(changes.c.id)
    rows: list[Any] = list(connection.execute(chosen))
    return [(row.id, row.topic) for row in rows]
