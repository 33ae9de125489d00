"""A SOCKS 5 proxy on this machine for git over HTTP: it connects to allowed hosts only, and ends silent connections."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sealane.clients import addresses
from sealane.clients.addresses import NotListed
from sealane.egress import Allowlist

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_CHUNK = 64 * 1024
CONNECTING = 30.0
"""Seconds to connect."""
_GOOD, _NOT_ALLOWED, _NO_SUCH_HOST, _NOBODY_ANSWERS, _NOT_SUPPORTED = 0, 2, 4, 5, 7
"""Replies (RFC 1928, 6)."""


@dataclass(slots=True)
class _Quiet:
    """When something last came through a connection, in either direction."""

    clock: Callable[[], float]
    since: float

    def broken(self) -> None:
        self.since = self.clock()


@dataclass(kw_only=True, slots=True)
class SocksProxy:
    """SOCKS 5 for clients that know the password."""

    allowed: Allowlist
    silence: float
    password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    port: int = 0
    refused: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    """Addresses of hosts that were silent for too long."""
    carrying: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def settings(self) -> dict[str, str]:
        return {"http.proxy": f"socks5h://git:{self.password}@127.0.0.1:{self.port}"}

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Starts to relay one connection."""
        task = asyncio.create_task(self._serve(reader, writer))
        self.carrying.add(task)
        task.add_done_callback(self.carrying.discard)

    async def close(self) -> None:
        """Ends all relayed connections."""
        left = tuple(self.carrying)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(CONNECTING):
                there = await self._connected(reader, writer)
            if there is not None:
                await self._carry((reader, writer), there)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass  # one side closed: git reports what it means
        finally:
            await _closed(writer)

    async def _carry(self, here: _Connection, there: _Connection) -> None:
        """Relays both ways, until one side ends or nothing comes for too long; so git's unused connections end, too."""
        clock = asyncio.get_running_loop().time
        quiet = _Quiet(clock, clock())
        carrying = asyncio.create_task(_both_ways(here, there, quiet))
        try:
            while not carrying.done():
                await asyncio.wait([carrying], timeout=self.silence / 8)
                if not carrying.done() and clock() - quiet.since > self.silence:
                    self.silent.append(str(there[1].get_extra_info("peername")[0]))
                    return
        finally:
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> _Connection | None:
        if not await self._signed_in(reader, writer):
            return None
        _, command, _, kind = await reader.readexactly(4)
        host = await _host(reader, kind)
        port = int.from_bytes(await reader.readexactly(2))
        there, code = await self._connect(host, port) if command == 1 else (None, _NOT_SUPPORTED)
        writer.write(bytes((5, code, 0, 1, 0, 0, 0, 0, 0, 0)))
        await writer.drain()
        return there

    async def _connect(self, host: str, port: int) -> tuple[_Connection | None, int]:
        try:
            where = await addresses.find(host, port, self.allowed)
        except NotListed as error:
            self.refused.append(error.message)
            return None, _NOT_ALLOWED
        except OSError:
            return None, _NO_SUCH_HOST
        for address in where:
            with suppress(OSError):
                return await asyncio.open_connection(address, port), _GOOD
        return None, _NOBODY_ANSWERS

    async def _signed_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        _, count = await reader.readexactly(2)
        if 2 not in await reader.readexactly(count):
            writer.write(b"\x05\xff")
            return False
        writer.write(b"\x05\x02")
        _, length = await reader.readexactly(2)
        await reader.readexactly(length)
        given = await reader.readexactly((await reader.readexactly(1))[0])
        good = secrets.compare_digest(given, self.password.encode())
        writer.write(b"\x01\x00" if good else b"\x01\x01")
        return good


@asynccontextmanager
async def running(allowed: Allowlist, silence: float) -> AsyncIterator[SocksProxy]:
    """A proxy for the time of one command; `silence` is how many seconds a connection may say nothing."""
    proxy = SocksProxy(allowed=allowed, silence=silence)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _host(reader: asyncio.StreamReader, kind: int) -> str:
    if kind == 3:
        return (await reader.readexactly((await reader.readexactly(1))[0])).decode(errors="replace")
    return str(ipaddress.ip_address(await reader.readexactly(16 if kind == 4 else 4)))


async def _both_ways(here: _Connection, there: _Connection, quiet: _Quiet) -> None:
    try:
        await asyncio.gather(_copy(here[0], there[1], quiet.broken), _copy(there[0], here[1], quiet.broken))
    finally:
        await _closed(there[1])


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_data: Callable[[], None]) -> None:
    while data := await reader.read(_CHUNK):
        on_data()
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
