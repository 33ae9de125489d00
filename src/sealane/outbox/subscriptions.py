"""Acting on what happened, such as telling another system of it: each event at least once, in order, by one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sealane.outbox.model import DomainEvent


class Subscriber(Protocol):
    """Who acts on events."""

    name: str
    """Its cursor is kept under it: the same after a restart, and another one for each subscriber."""

    async def act(self, event: DomainEvent) -> None:
        """Acts on an event, or leaves it. It may get one again that it had acted on; the event's id tells.

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
        """Acts on what happened since the last time, and gives how many events that were; 0 where another one does.

        A process that dies between acting and noting it leaves the event to the next one. Raises what `act` raises.
        """
        name = self.subscriber.name
        cursor = await self.cursors.take(name, self.holder, at=self.now(), until=self.now() + self.lease)
        if cursor is None:
            return 0
        events = await self.cursors.after(cursor)
        for done, event in enumerate(events):
            await self.subscriber.act(event)
            if not await self.cursors.move(name, self.holder, event.id, until=self.now() + self.lease):
                return done
        return len(events)
