"""The dialer: keeps the relay connected to each process of the server, and reconnects whenever a connection ends."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from dataclasses import dataclass, field

import aiohttp

import sealane
from sealane import log_lines
from sealane.clients.kubernetes.exchange import Exchange
from sealane.clients.relay import disconnections, frames
from sealane.clients.relay.forwarder import Forwarder

PATH = "/api/relay"
LARGEST = 16 * 1024 * 1024
"""Most bytes of one message: the largest object that an API server takes, with a margin."""
HEARTBEAT = 10.0
"""Seconds between two pings; two of them are enough to notice a broken connection."""
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_GREET_WITHIN = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerAddress:
    """The server's address for the relay."""

    url: str
    token: str = field(repr=False)
    trusted: ssl.SSLContext | None = None
    """The trusted authorities; None for the system's."""


class Dialer:
    """Serves the processes of one server, until it is cancelled."""

    def __init__(self, server: ServerAddress, exchange: Exchange) -> None:
        self._server = server
        self._exchange = exchange
        self._connected: set[str] = set()
        self._alone = False
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Connects and reconnects for ever."""
        tries = 0  # attempts since the last new connection
        async with aiohttp.ClientSession(trust_env=True) as session, asyncio.TaskGroup() as serving:
            while True:
                self._ended.clear()
                answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                connection = serving.create_task(self._connect(session, answered))
                await asyncio.wait({connection, answered}, return_when=asyncio.FIRST_COMPLETED)
                tries = 0 if answered.done() else tries + 1
                await self._pause(tries)

    async def _pause(self, tries: int) -> None:
        """Waits before the next attempt: a balancer may lead to another process, or a connection has ended."""
        longest = min(_FIRST_PAUSE * 2 ** min(tries, 10), _LONGEST_PAUSE)
        pause = longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
        if not self._connected:
            await asyncio.sleep(pause)
            return
        try:
            async with asyncio.timeout(None if self._alone else pause):
                await self._ended.wait()
        except TimeoutError:
            pass

    async def _connect(self, session: aiohttp.ClientSession, answered: asyncio.Future[None]) -> None:
        """One connection, from beginning to end; `answered` is done once it is open, or not needed."""
        process = None
        try:
            async with session.ws_connect(
                f"{self._server.url.rstrip('/')}{PATH}",
                headers={"Authorization": f"Bearer {self._server.token}"},
                heartbeat=HEARTBEAT,
                max_msg_size=LARGEST,
                ssl=self._server.trusted or True,
            ) as socket:
                welcome = await _greeted(socket, tuple(self._connected))
                self._alone = welcome.alone
                if welcome.process in self._connected:
                    return
                process = welcome.process
                self._connected.add(process)
                answered.set_result(None)
                log_lines.event("relay.connected", server=self._server.url, process=process, relay=welcome.relay)
                await self._serve(socket)
        except (aiohttp.ClientError, OSError, TimeoutError, frames.Garbled) as error:
            log_lines.event(
                "relay.disconnected",
                level=logging.WARNING,
                server=self._server.url,
                reason=disconnections.reason(error),
            )
        else:
            if process is not None:
                log_lines.event("relay.disconnected", server=self._server.url, process=process, reason="it ended")
        finally:
            if process is not None:
                self._connected.discard(process)
                self._ended.set()

    async def _serve(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        out: asyncio.Queue[bytes] = asyncio.Queue()
        forwarder = Forwarder(self._exchange, out.put_nowait)
        writing = asyncio.create_task(_write(socket, out))
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.BINARY:
                    forwarder.received(frames.to_relay(message.data))
        finally:
            writing.cancel()
            await forwarder.close()
            await asyncio.gather(writing, return_exceptions=True)


async def _write(socket: aiohttp.ClientWebSocketResponse, out: asyncio.Queue[bytes]) -> None:
    while True:
        await socket.send_bytes(await out.get())


async def _greeted(socket: aiohttp.ClientWebSocketResponse, connected: tuple[str, ...]) -> frames.Welcome:
    hello = frames.Hello(protocol=frames.PROTOCOL, version=sealane.__version__, connected=connected)
    await socket.send_bytes(frames.encode(hello))
    message = await socket.receive(timeout=_GREET_WITHIN)
    if message.type is not aiohttp.WSMsgType.BINARY:
        raise frames.Garbled(f"the server ended it: {socket.close_code} {message.extra or ''}".rstrip())
    welcome = frames.to_relay(message.data)
    if not isinstance(welcome, frames.Welcome):
        raise frames.Garbled("the server does not say welcome first")
    return welcome
