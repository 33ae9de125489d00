"""Guards every request: limits its size and its address, and sets what browsers may do with the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from starlette.requests import Request

from sealane import errors, inputs, paths
from sealane.blobs import bundles
from sealane.errors import Refused, TooLarge, TooSlow, UsageError
from sealane.events.sources import bodies
from sealane.secrets import revealed
from sealane.server import error_answers

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"content-security-policy": (
        b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}

_SLOWEST = 64 * 1024
"""Bytes a second: a bundle may take the longer, the more of it has come."""


class Guard:
    """ASGI middleware: limits bodies while they arrive (a length in a header proves nothing), and adds the headers."""

    def __init__(self, app: App, *, most: int, seconds: float = 60.0, folders: Collection[Path] = ()) -> None:
        """`most` is a request body's limit in bytes, `seconds` its time limit; neither applies to git.

        Errors name files relative to `folders`.
        """
        self.app = app
        self.most = most
        self.seconds = seconds
        self.shorter = paths.without(folders)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self._most(scope["path"])
        slowest = _SLOWEST if _is_bundle(scope["path"]) else None
        read, whole = 0, False
        until = asyncio.get_running_loop().time() + self.seconds
        wrong = _wrong_address(scope)

        async def limited() -> Message:
            nonlocal read, whole
            if whole or most is None:
                return await receive()
            try:
                async with asyncio.timeout_at(until + (read / slowest if slowest else 0)):
                    message = await receive()
            except TimeoutError:
                raise TooSlow("the body of the request took too long") from None
            whole = not message.get("more_body", False)
            read += len(message.get("body", b""))
            if read > most:
                raise TooLarge("the request is too large", hint=f"at most {most} bytes")
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message.get("headers", ())}
                added = [(name, value) for name, value in _HEADERS.items() if name not in present]
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        if wrong is not None:
            await (await error_answers.answer(Request(scope), wrong))(scope, receive, guarded)
            return
        with revealed.watched(), errors.concealing(self.shorter):
            await self.app(scope, limited, guarded)

    def _most(self, path: str) -> int | None:
        if path.startswith("/git/"):
            return None
        if _is_bundle(path):
            return bundles.MOST
        return max(self.most, bodies.MOST) if path.startswith("/hooks/") else self.most


def _is_bundle(path: str) -> bool:
    return path.startswith("/api/apps/") and "/bundles/" in path


class StepsOutside:
    """ASGI middleware: answers nothing to containers of steps, which it knows by their networks.

    A step reaches every address of its engine's machine, including the server. Its container's address is in its run's
    network, and no rule changes it on the way to its own machine; a proxy before the server sets it in `X-Forwarded-For`.
    """

    def __init__(self, app: App, *, networks: Callable[[], Awaitable[Iterable[str]]]) -> None:
        """`networks` returns those of the current runs, in CIDR form."""
        self.app = app
        self.networks = networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on, unless it is from a step."""
        peer = _peer(scope)
        if peer is not None and not peer.is_loopback:
            inside = [network for network in await self.networks() if peer in ip_network(network, strict=False)]
            if inside:
                refused = Refused(
                    "steps may not ask the server", hint="operators allow it: SEALANE_STEPS__REACH_SERVER"
                )
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close"})  # before it is accepted: 403
                    return
                answer = await error_answers.answer(Request(scope), refused)
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _peer(scope: Scope) -> IPv4Address | IPv6Address | None:
    if scope["type"] not in {"http", "websocket"} or not scope.get("client"):
        return None
    try:
        address = ip_address(str(scope["client"][0]).partition("%")[0])
    except ValueError:  # another kind of socket
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def _wrong_address(scope: Scope) -> UsageError | None:
    """Why nothing can exist at the address, so that no route, file or row is looked up."""
    try:
        inputs.check_address(scope["path"], unquote_plus(scope["query_string"].decode("latin-1")))
    except UsageError as error:
        return error
    return None
