"""Bad weather before an API server: slow, busy and broken answers, watches cut in the middle or answered as too old."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import yaml
from aiohttp import web

_KEPT = {"accept", "authorization", "content-type", "user-agent"}
_GONE = {
    "kind": "Status",
    "apiVersion": "v1",
    "status": "Failure",
    "message": "too old resource version",
    "reason": "Expired",
    "code": 410,
}


@dataclass(frozen=True, kw_only=True)
class Weather:
    """How bad it is: chances from 0 to 1 for each request, times in seconds."""

    busy: float = 0.15
    """Answers 429, come back in a second."""
    broken: float = 0.05
    """Answers 503, for requests that only read."""
    slow: float = 0.3
    """Answers late, by up to `delay`."""
    delay: float = 0.5
    cut_after: tuple[float, float] = (0.5, 3.0)
    """How long a watch lasts."""
    gone: float = 0.3
    """A cut watch ends with 410."""


class Storm:
    """A proxy that speaks plain HTTP here and TLS to the API server."""

    def __init__(self, server: str, trusted: str | None, weather: Weather, *, seed: int) -> None:
        self._server = server
        self._tls = ssl.create_default_context(cadata=trusted)
        self._weather = weather
        self._moments = random.Random(seed)
        self._session: aiohttp.ClientSession
        self._tasks: set[asyncio.Task[None]] = set()
        self.whole = True
        self.seen: Counter[str] = Counter()

    async def open(self) -> None:
        """Connects to nobody yet."""
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._tls, limit=0))

    async def close(self) -> None:
        """Ends all connections."""
        await self._session.close()

    def cut(self) -> None:
        """The server is away: what is open breaks off, and nothing new comes through."""
        self.whole = False
        self.seen["away"] += 1
        for task in tuple(self._tasks):
            task.cancel()

    def hint(self) -> None:
        """The server is back."""
        self.whole = True

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        if not self.whole:
            return self._hang_up(request)
        chance, weather = self._moments.random, self._weather
        reads = request.method == "GET"
        if chance() < weather.busy:
            self.seen["429"] += 1
            return web.json_response(_status(429), status=429, headers={"Retry-After": "1"})
        if reads and chance() < weather.broken:
            self.seen["503"] += 1
            return web.json_response(_status(503), status=503)
        if chance() < weather.slow:
            self.seen["slow"] += 1
            await asyncio.sleep(weather.delay * chance())
        try:
            body = await request.read()
        except ConnectionError:  # its client was killed
            return web.Response(status=503)
        headers = {name: value for name, value in request.headers.items() if name.lower() in _KEPT}
        url = f"{self._server}{request.path_qs}"
        async with self._session.request(request.method, url, data=body or None, headers=headers) as answer:
            if request.query.get("watch") == "true" or request.query.get("watch") == "1":
                return await self._watch(request, answer)
            content = await answer.read()
            kind = {"Content-Type": answer.headers.get("Content-Type", "application/json")}
            return web.Response(status=answer.status, body=content, headers=kind)

    async def _watch(self, request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        stream = web.StreamResponse(
            status=answer.status, headers={"Content-Type": answer.headers.get("Content-Type", "application/json")}
        )
        with contextlib.suppress(ConnectionError):  # its client has gone
            await stream.prepare(request)
        copying = asyncio.create_task(_copy(answer, stream))
        self._tasks.add(copying)
        with contextlib.suppress(TimeoutError, ConnectionError, asyncio.CancelledError):
            await asyncio.wait_for(copying, self._moments.uniform(*self._weather.cut_after))
            return stream
        self._tasks.discard(copying)
        if self.whole and self._moments.random() < self._weather.gone:
            self.seen["410"] += 1
            with contextlib.suppress(ConnectionError):
                await stream.write(json.dumps({"type": "ERROR", "object": _GONE}).encode() + b"\n")
            return stream
        self.seen["cut"] += 1
        return self._hang_up(request, stream)

    def _hang_up(self, request: web.Request, stream: web.StreamResponse | None = None) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return stream or web.Response(status=503)


async def _copy(answer: aiohttp.ClientResponse, stream: web.StreamResponse) -> None:
    async for chunk in answer.content.iter_any():
        await stream.write(chunk)


def _status(code: int) -> dict[str, object]:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "bad weather", "code": code}


@asynccontextmanager
async def storm(
    kubeconfig: Path, folder: Path, weather: Weather | None = None, *, seed: int = 0
) -> AsyncIterator[tuple[Path, Storm]]:
    """A kubeconfig, in the folder, that leads through a storm to the same cluster."""
    content = yaml.safe_load(kubeconfig.read_text())
    place = content["clusters"][0]["cluster"]
    authority = place.pop("certificate-authority", None)
    trusted = Path(authority).read_text() if authority else _decoded(place.pop("certificate-authority-data"))
    before = Storm(place["server"], trusted, weather or Weather(), seed=seed)
    await before.open()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", before.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    place["server"] = f"http://127.0.0.1:{port}"
    changed = folder / "stormy.kubeconfig"
    changed.write_text(yaml.safe_dump(content))
    try:
        yield changed, before
    finally:
        await runner.cleanup()
        await before.close()


def _decoded(data: str) -> str:
    return base64.b64decode(data).decode()
