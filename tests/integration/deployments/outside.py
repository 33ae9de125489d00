"""What scenarios have outside the cluster: registries that are closed or out of order, and a webhook that times out."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

OUT_OF_ORDER_SECONDS = 1.0
"""How long after it was asked first a registry is out of order; the kubelet asks again after about 10 s."""
TOO_LONG_SECONDS = 3.0
"""What the webhook takes for its first answer about a namespace's pods; it may take one."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def everything(registry: str) -> AsyncIterator[Mapping[str, str]]:
    """All of them, as words of scenarios; `registry` is the one that works."""
    with TemporaryDirectory() as folder:
        certificate = _certificate(Path(folder))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        async with (
            _server(_closed) as closed,
            _server(_Shaky(registry).answer) as shaky,
            _server(_Webhook().answer, context) as webhook,
        ):
            yield {
                "closed_registry": f"localhost:{closed}",
                "shaky_registry": f"localhost:{shaky}",
                "webhook": f"https://127.0.0.1:{webhook}",
                "webhook_authority": base64.b64encode(certificate.read_bytes()).decode(),
            }


async def _closed(request: web.Request) -> web.Response:
    """A registry that lets nobody in."""
    del request
    return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="closed"'})


class _Shaky:
    """A registry that is out of order for a while, and then sends on to one that works."""

    def __init__(self, registry: str) -> None:
        self._registry = registry
        self._first: float | None = None

    async def answer(self, request: web.Request) -> web.Response:
        now = asyncio.get_running_loop().time()
        self._first = now if self._first is None else self._first
        if now < self._first + OUT_OF_ORDER_SECONDS:
            return web.Response(status=503)
        return web.Response(status=307, headers={"Location": f"http://{self._registry}{request.raw_path}"})


class _Webhook:
    """Allows everything, and takes too long the first time for each path."""

    def __init__(self) -> None:
        self._asked: set[str] = set()

    async def answer(self, request: web.Request) -> web.Response:
        review = await request.json()
        if request.path not in self._asked:
            self._asked.add(request.path)
            await asyncio.sleep(TOO_LONG_SECONDS)
        allowed = {"uid": review["request"]["uid"], "allowed": True}
        return web.json_response({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": allowed})


@asynccontextmanager
async def _server(handler: _Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serves every path on a port of this machine."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield runner.addresses[0][1]
    finally:
        with contextlib.suppress(TimeoutError):
            await runner.cleanup()


def _certificate(folder: Path) -> Path:
    """A certificate for this machine that signs itself; its key lies beside it."""
    path = folder / "webhook.crt"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=webhook -addext subjectAltName=IP:127.0.0.1"
    files = ("-keyout", path.with_suffix(".key"), "-out", path)
    subprocess.run([*words.split(), *files], check=True, capture_output=True)
    return path
