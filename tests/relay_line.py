"""A relay and a hub in one process, with a line between them that can be cut, stalled and mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field

from sealane.clients.kubernetes.exchange import Exchange
from sealane.clients.relay import frames
from sealane.clients.relay.forwarder import Forwarder
from sealane.clients.relay.hub import Connection, Hub


@dataclass
class Line:
    """What the two say goes over it, as bytes and in order."""

    hub: Hub
    exchange: Exchange
    relay: str = "europe"
    flows: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set nothing arrives, and nobody is told."""
    held: type | None = None
    """The kind of message before which the line stalls; it is None again once it has."""
    passed: list[object] = field(default_factory=list)
    """What arrived, on both sides."""
    _ends: ExitStack = field(default_factory=ExitStack)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _forwarder: Forwarder | None = None

    def connect(self) -> None:
        """The relay dials in."""
        down: asyncio.Queue[bytes] = asyncio.Queue()
        up: asyncio.Queue[bytes] = asyncio.Queue()
        connection = Connection(self.relay, version="test", send=down.put_nowait)
        self._ends.enter_context(self.hub.joined(connection))
        forwarder = Forwarder(self.exchange, up.put_nowait)
        self._forwarder = forwarder
        self.flows.set()

        async def to_relay() -> None:
            while True:
                frame = frames.to_relay(await down.get())
                await self._arrives(frame)
                forwarder.received(frame)

        async def to_server() -> None:
            while True:
                data = await up.get()
                await self._arrives(frames.to_server(data))
                connection.received(data)

        self._tasks = [asyncio.create_task(to_relay()), asyncio.create_task(to_server())]

    async def stalled(self) -> None:
        """Until the line stalls."""
        async with asyncio.timeout(30):
            while self.held:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.001)

    async def _arrives(self, frame: object) -> None:
        if self.held and isinstance(frame, self.held):
            self.held = None
            self.flows.clear()
        await self.flows.wait()
        self.passed.append(frame)

    async def cut(self) -> None:
        """The connection ends, and both sides notice."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._ends.close()
        if self._forwarder is not None:
            await self._forwarder.close()
            self._forwarder = None


@asynccontextmanager
async def lined(exchange: Exchange) -> AsyncIterator[Line]:
    """A line with a relay connected over it."""
    line = Line(hub=Hub(), exchange=exchange)
    line.connect()
    try:
        yield line
    finally:
        await line.cut()
