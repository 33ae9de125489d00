"""Subscribers act on events, for example tell another system: each event at least once, in order, one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sealane.outbox.model import DomainEvent

_SHARE = 0.8
"""The share of the lease that acting on one event may take."""


class Subscriber(Protocol):
    """Acts on events."""

    @property
    def name(self) -> str:
        """The name under which its cursor is kept: the same after a restart, and unique among subscribers."""
        ...

    @property
    def kinds(self) -> Collection[str]:
        """The kinds of events that it receives."""
        ...

    async def act(self, event: DomainEvent) -> None:
        """Acts on an event. The same event may come again; its id tells.

        When it raises, this event and those after it come again the next time.
        """
        ...


class Cursors(Protocol):
    """The cursors of subscribers, and the events after them."""

    async def take(self, name: str, holder: str, *, at: datetime, until: datetime) -> int | None:
        """Takes the subscriber's cursor for the holder until then, and returns it; None while another process holds it."""
        ...

    async def move(self, name: str, holder: str, position: int, *, until: datetime) -> bool:
        """Notes that all events up to a position are done. False when another process has taken the cursor meanwhile."""
        ...

    async def after(self, cursor: int) -> tuple[DomainEvent, ...]:
        """Reads one batch of the events after a cursor, in order."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """A subscriber in one process; other processes may have the same one on standby."""

    subscriber: Subscriber
    cursors: Cursors
    holder: str
    """The unique name of this process."""
    now: Callable[[], datetime]
    lease: timedelta = timedelta(seconds=30)
    """The longest time for one event; after that another process takes over."""

    async def deliver(self) -> int:
        """Handles the events since the last time and returns their number; 0 when another process does it.

        When a process dies after acting and before noting it, the next process gets the event again. Raises what `act`
        raises, and TimeoutError where it takes too long.
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
