"""Relays: which may dial in, which are connected, and the connection of each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter, WebSocket
from pydantic import BaseModel, ConfigDict
from starlette.websockets import WebSocketDisconnect

from sealane import __version__, clock, composition, log_lines
from sealane.clients.relay import frames
from sealane.clients.relay.hub import Connection
from sealane.errors import NotSignedIn, SealaneError, Unavailable
from sealane.records.accounts import RelayLine, Token
from sealane.server import addresses, dependencies, fields
from sealane.server.access import Administrator

router = APIRouter(prefix="/api", tags=["relays"])

_GREET_WITHIN = 15.0
_ASKED_EVERY = 10.0
"""Seconds for which a valid token is not checked again while its relay is connected."""
_PROTOCOL_ERROR = 1002
_ENDED = "it ended"


class Relay(BaseModel):
    """A relay that may dial in."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    connected: bool
    """Whether it is connected to any process of the server."""
    since: datetime | None
    """Since when it is or is not connected; null: it never was."""
    version: str | None
    """Sealane's version there, while it is connected."""
    processes: list[str]
    """The server's processes that it is connected to."""
    lacking: list[str]
    """Workers that it is not connected to, although it is to others: what they carry can't reach its cluster."""
    created: datetime
    """When its token was made."""
    used: datetime | None
    """When the token was used last, give or take five minutes; null: never."""


class NewRelay(BaseModel):
    """A relay to add."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: fields.RelayName
    """As destinations name it: `{relay: NAME}`."""


class RelayToken(BaseModel):
    """A relay's token, shown only now."""

    relay: str
    token: str


@router.get("/relays")
async def relays(server: dependencies.Server, _: Administrator) -> list[Relay]:
    """Every relay that has a token, and whether it is there."""
    tokens, lines, workers = await asyncio.gather(
        server.access.relays(), server.store.relay_lines.of(), server.store.workers.all()
    )
    now = clock.now()
    alive = [worker.id for worker in workers if worker.dead is None]
    return [_shown(token, [line for line in lines if line.relay == token.name], alive, now) for token in tokens]


@router.post("/relays", status_code=201)
async def add(new: NewRelay, server: dependencies.Server, actor: Administrator) -> RelayToken:
    """Makes a token for a relay, in place of its former one."""
    return RelayToken(relay=new.name, token=await server.access.add_relay(new.name, by=actor))


@router.delete("/relays/{relay}", status_code=204)
async def remove(relay: addresses.Relay, server: dependencies.Server, actor: Administrator) -> None:
    """Makes the relay's token void; it is cut off within ten seconds."""
    await server.access.remove_relay(relay, by=actor)


@router.websocket("/relay")
async def connect(socket: WebSocket) -> None:
    """A relay dials in, and stays."""
    server: composition.Server = socket.app.state.server
    bearer, address = _bearer(socket), socket.client.host if socket.client else ""
    try:
        token = await server.access.authenticate_relay(bearer, address=address)
    except SealaneError:  # the log has the reason
        await socket.close()  # before it is accepted: 403
        return
    await socket.accept()
    try:
        hello = await _greeted(socket, token.name, server)
    except (frames.Garbled, TimeoutError, WebSocketDisconnect, KeyError) as error:
        await _closed(socket, str(error) or "the relay did not say hello in time")
        return
    if server.process in hello.connected:
        await _closed(socket, _ENDED)
        return
    sending: asyncio.Queue[bytes] = asyncio.Queue()
    connection = Connection(token.name, version=hello.version, send=sending.put_nowait)
    log_lines.event("relay.connected", relay=token.name, version=connection.version, address=address)
    reason = _ENDED
    with server.relays.joined(connection):
        parts = [
            asyncio.ensure_future(_read(socket, connection)),
            asyncio.ensure_future(_write(socket, sending)),
            asyncio.ensure_future(_while_good(server, connection, bearer, address)),
            asyncio.ensure_future(connection.over.wait()),
        ]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        except (frames.Garbled, NotSignedIn) as error:
            reason = str(error)
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
    await _closed(socket, reason)
    log_lines.event("relay.disconnected", relay=token.name, reason=reason)


def _bearer(socket: WebSocket) -> str:
    scheme, _, token = socket.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _greeted(socket: WebSocket, relay: str, server: composition.Server) -> frames.Hello:
    """The relay's first message after its connection was accepted. Raises Garbled, TimeoutError."""
    async with asyncio.timeout(_GREET_WITHIN):
        hello = frames.to_server(await socket.receive_bytes())
    if not isinstance(hello, frames.Hello):
        raise frames.Garbled("the relay does not say hello first")
    if hello.protocol != frames.PROTOCOL:
        raise frames.Garbled(f"the relay is of version {hello.version}, the server of {__version__}: they don't fit")
    alone = server.lock is not None
    await socket.send_bytes(frames.encode(frames.Welcome(process=server.process, relay=relay, alone=alone)))
    return hello


async def _read(socket: WebSocket, connection: Connection) -> None:
    while True:
        connection.received(await socket.receive_bytes())


async def _write(socket: WebSocket, sending: asyncio.Queue[bytes]) -> None:
    while True:
        await socket.send_bytes(await sending.get())


async def _while_good(server: composition.Server, connection: Connection, bearer: str, address: str) -> None:
    """Records that the connection is up, until its token is no longer valid. Raises NotSignedIn then."""
    lines, relay, begun = server.store.relay_lines, connection.relay, clock.now()
    try:
        while True:
            with contextlib.suppress(Unavailable):  # the database is down: the connection may stay
                await server.access.authenticate_relay(bearer, address=address)
                await lines.stand(relay, server.process, version=connection.version, begun=begun, at=clock.now())
            await asyncio.sleep(_ASKED_EVERY)
    finally:
        if server.relays.connection(relay) is connection:  # and has no newer one
            with contextlib.suppress(Unavailable):
                await lines.end(relay, server.process, at=clock.now())


async def _closed(socket: WebSocket, reason: str) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):  # it is already closed
        await socket.close(code=_PROTOCOL_ERROR if reason != _ENDED else 1000, reason=frames.close_reason(reason))


def _shown(token: Token, lines: Sequence[RelayLine], workers: Sequence[str], now: datetime) -> Relay:
    standing = [line for line in lines if line.stands(now)]
    processes = [line.process for line in standing]
    return Relay(
        name=token.name,
        connected=bool(standing),
        since=min(line.begun for line in standing) if standing else max((line.left for line in lines), default=None),
        version=standing[-1].version if standing else None,
        processes=processes,
        lacking=[worker for worker in workers if worker not in processes] if standing else [],
        created=token.created,
        used=token.used,
    )
