"""The server's end: the relays connected to this process, and the running calls through them.

A connection belongs to the event loop that reads it; calls come from any loop of the process.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sealane.clients.relay import frames
from sealane.clients.relay.frames import GO_WITHIN


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """The connection ended before the answer did."""

    reason: str


Inbox = asyncio.Queue["frames.Answers | Lost"]

_MOST_CONNECTIONS = 8
"""Most connections of one relay to one process; there are two during replacement."""
_MOST_UNREAD = 20_000
"""Most unread messages of an answer; a relay that keeps to its window sends fewer."""


@dataclass(kw_only=True, slots=True)
class _Waiting:
    """A caller that waits for an answer, and the answer's unread bytes."""

    loop: asyncio.AbstractEventLoop
    inbox: Inbox
    unread: int = 0


class Connection:
    """One relay's connection."""

    def __init__(self, relay: str, *, version: str, send: Callable[[bytes], None]) -> None:
        """`send` queues a message; it is called on the loop that creates this object."""
        self.relay = relay
        self.version = version
        self.over = asyncio.Event()
        """Set once newer connections of the relay have replaced it."""
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._lost: Lost | None = None

    def begin(self, ask: Callable[[int], frames.Ask]) -> OnItsWay:
        """Sends a call, from any loop; the answer arrives on the caller's."""
        number = next(self._numbers)
        inbox: Inbox = asyncio.Queue()
        self._waiting[number] = _Waiting(loop=asyncio.get_running_loop(), inbox=inbox)
        if self._lost:
            inbox.put_nowait(self._lost)
        else:
            self.post(ask(number))
        return OnItsWay(connection=self, number=number, inbox=inbox)

    def post(self, frame: frames.ToRelay) -> None:
        """Sends a message, from any loop."""
        if not self._lost:
            _call(self._loop, self._send, frames.encode(frame))

    def forget(self, number: int) -> None:
        """Stops waiting for that answer."""
        if self._waiting.pop(number, None) is not None:
            self.post(frames.Cancel(id=number))

    def received(self, data: bytes) -> None:
        """Handles a message from the relay. Raises Garbled, also if it sends more than requested."""
        frame = frames.to_server(data)
        if isinstance(frame, frames.Hello):
            raise frames.Garbled("it says hello twice")
        waiting = self._waiting.get(frame.id)
        if waiting is None:  # it was cancelled meanwhile
            return
        if isinstance(frame, frames.End | frames.Failed):
            self._waiting.pop(frame.id, None)
        elif isinstance(frame, frames.Chunk):
            waiting.unread += len(frame.data)
        if waiting.unread > frames.WINDOW + frames.PIECE or waiting.inbox.qsize() > _MOST_UNREAD:
            raise frames.Garbled("it sends more than is read")
        _call(waiting.loop, waiting.inbox.put_nowait, frame)

    def credit(self, number: int, count: int) -> None:
        """Gives credit for bytes of an answer that were read, on any loop."""
        _call(self._loop, self._credited, number, count)
        self.post(frames.Credit(id=number, bytes=count))

    def _credited(self, number: int, count: int) -> None:
        if waiting := self._waiting.get(number):
            waiting.unread -= count

    def lose(self, reason: str) -> None:
        """Ends the connection: every waiting call learns that."""
        self._lost = Lost(reason=reason)
        for waiting in list(self._waiting.values()):
            _call(waiting.loop, waiting.inbox.put_nowait, self._lost)
        self._waiting.clear()


@dataclass(frozen=True, kw_only=True, slots=True)
class OnItsWay:
    """A call that was sent."""

    connection: Connection
    number: int
    inbox: Inbox
    _begun: float = field(default_factory=time.monotonic)

    async def next(self) -> frames.Answers | Lost:
        """The next part of the answer."""
        return await self.inbox.get()

    def go(self) -> bool:
        """Makes the relay carry it out; False if too much time has passed since the call."""
        if time.monotonic() - self._begun > GO_WITHIN:
            return False
        self.connection.post(frames.Go(id=self.number))
        return True

    def credit(self, count: int) -> None:
        """Gives credit for bytes that were read."""
        self.connection.credit(self.number, count)

    def end(self) -> None:
        """Stops reading; the relay ends the call."""
        self.connection.forget(self.number)


@dataclass(frozen=True, kw_only=True, slots=True)
class Away:
    """The state of a relay without a connection to this process."""

    elsewhere: int = 0
    """Number of other server processes that it is connected to."""
    since: datetime | None = None
    """When the last connection to any of them ended; None: there was none."""


async def _never(relay: str) -> Away:
    """Used if nobody records the states of relays."""
    del relay
    return Away()


class Hub:
    """All relays' connections to this process."""

    def __init__(self, away: Callable[[str], Awaitable[Away]] = _never) -> None:
        """`away` returns what all processes know about a relay."""
        self.away = away
        self._connections: dict[str, list[Connection]] = {}
        self._bells: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}

    @contextmanager
    def joined(self, connection: Connection) -> Iterator[None]:
        """Keeps the relay connected inside the block; its newest connection is used; if too many, the oldest ends."""
        of_relay = self._connections.setdefault(connection.relay, [])
        for older in of_relay[: 1 - _MOST_CONNECTIONS]:
            older.over.set()
        of_relay.append(connection)
        for loop, joined in list(self._bells.get(connection.relay, ())):
            _call(loop, joined.set)
        reason = "the relay's connection ended"
        try:
            yield
        finally:
            of_relay.remove(connection)
            connection.lose(reason)

    def connection(self, relay: str) -> Connection | None:
        """The relay's newest connection; None if it has none."""
        of_relay = self._connections.get(relay)
        return of_relay[-1] if of_relay else None

    async def joins(self, relay: str) -> None:
        """Waits, on any loop, until the relay is connected."""
        bell = asyncio.get_running_loop(), asyncio.Event()
        bells = self._bells.setdefault(relay, set())
        bells.add(bell)
        try:
            if self.connection(relay) is None:  # checked after registering: it may connect from another thread
                await bell[1].wait()
        finally:
            bells.discard(bell)


def _call(loop: asyncio.AbstractEventLoop, act: Callable[..., None], *given: object) -> None:
    """Calls it on the loop; if that has ended, nobody waits."""
    if loop.is_closed():
        return
    loop.call_soon_threadsafe(act, *given)
