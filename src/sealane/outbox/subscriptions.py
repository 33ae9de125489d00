"""Subscribers act on what happened, and tell another system of it: each event at least once, in order, by one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sealane.outbox.model import DomainEvent

_SHARE = 0.8
"""Of the lease, what acting on one event may take."""


class Subscriber(Protocol):
    """Who acts on events."""

    @property
    def name(self) -> str:
        """Its cursor is kept under it: the same after a restart, and another one for each subscriber."""
        ...

    @property
    def kinds(self) -> Collection[str]:
        """The kinds of events that it acts on; it is not asked about others."""
        ...

    async def act(self, event: DomainEvent) -> None:
        """Acts on an event. It may get one again that it had acted on; the event's id tells.

        What it raises keeps the event, and those after it, for the next time.
        """
        ...


class Cursors(Protocol):
    """Where subscribers stand, and what comes after it."""

    async def take(self, name: str, holder: str, *, at: datetime, until: datetime) -> int | None:
        """Where the subscriber stands, which is the holder's to move until then; None while it is another's."""
        ...

    async def move(self, name: str, holder: str, position: int, *, until: datetime) -> bool:
        """Notes that all up to a position is done. False when another has taken it meanwhile."""
        ...

    async def after(self, cursor: int) -> tuple[DomainEvent, ...]:
        """What happened after a cursor, in order, as much as is read at once."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """A subscriber in one process; in others the same one may stand by."""

    subscriber: Subscriber
    cursors: Cursors
    holder: str
    """This process, by a name that no other has."""
    now: Callable[[], datetime]
    lease: timedelta = timedelta(seconds=30)
    """For how long it acts on one event at most; after that another process takes it."""

    async def deliver(self) -> int:
        """Goes through what happened since the last time, and gives how many events that were; 0 where another one does.

        A process that dies between acting and noting it leaves the event to the next one. Raises what `act` raises, and TimeoutError where it takes too long.
        """
        name = self.subscriber.name
        cursor = await self.cursors.take(name, self.holder, at=self.now(), until=self.now() + self.lease)
        if cursor is None:
            return 0
        events = await self.cursors.after(cursor)
        for done, event in enumerate(events):
            wanted = event.kind in self.subscriber.kinds
            if wanted:
                async with asyncio.timeout(self.lease.total_seconds() * _SHARE):
                    await self.subscriber.act(event)
            if (wanted or done + 1 == len(events)) and not await self._move(event.id):
                return done
        return len(events)

    async def _move(self, position: int) -> bool:
        return await self.cursors.move(self.subscriber.name, self.holder, position, until=self.now() + self.lease)
