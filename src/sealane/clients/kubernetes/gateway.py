"""A way to one API server for a program of others, such as Helm: it is given an address here and no credentials.

Every write of the program waits for the fence first. So once another worker has taken over, the program changes nothing
more, whichever machine it runs on and however long it lives; and it ends with this process, because its way does.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from aiohttp import web

from sealane.clients.kubernetes import secret_protobuf
from sealane.clients.kubernetes.exchange import JSON, Call, Exchange, Limits
from sealane.clients.kubernetes.transport import ANSWER_SECONDS
from sealane.errors import Refused, SealaneError

Rewrite = Callable[[str, Mapping[str, Any]], tuple[str, Mapping[str, Any]]]
"""From `POST` or `PUT` and the object to the method and the object that are sent; `PATCH` merges it into the live one."""

Spares = Callable[[str], bool]
"""From the path of an object that the program would delete to whether it stays: then it is told that it is deleted."""

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_MERGE = "application/merge-patch+json"
_LARGEST = 16 * 1024 * 1024


class Gateway:
    """One program's way to the API server."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        fence: Callable[[], Awaitable[None]],
        rewrite: Rewrite,
        spares: Spares = lambda _: False,
    ) -> None:
        self._exchange = exchange
        self._fence = fence
        self._rewrite = rewrite
        self._spares = spares
        self._token = secrets.token_hex(32)
        self._port = 0
        self.trouble: SealaneError | None = None
        """Why a call could not be made, last: not what the API server refused."""
        self.wrote = False
        """Whether a write reached the API server."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Answers until the block ends."""
        app = web.Application(client_max_size=_LARGEST)
        # In the path, because clients of Kubernetes send no token without TLS.
        app.router.add_route("*", "/{token}{path:/.*}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self._port = runner.addresses[0][1]
            yield
        finally:
            await runner.cleanup()

    def kubeconfig(self, namespace: str) -> str:
        """The program's kubeconfig."""
        whole = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": {"server": f"http://127.0.0.1:{self._port}/{self._token}"}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "namespace": namespace}}],
            "current-context": "it",
        }
        return json.dumps(whole)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if not hmac.compare_digest(request.match_info["token"].encode(), self._token.encode()):
            return _status(401, "this is another program's way")
        try:
            call = await _call(request)
            if request.method not in _READS:
                await self._fence()
                if call.method == "DELETE" and self._spares(call.path):
                    return _status(200, "it stays", "Success")
                call = self._rewritten(call)
            return await self._carried(request, call)
        except SealaneError as error:
            self.trouble = error
            return _status(503, error.message)

    def _rewritten(self, call: Call) -> Call:
        if call.body is None or call.method not in {"POST", "PUT"}:
            return call
        written = _written(call)
        if written is None:
            return call
        method, sent = self._rewrite(call.method, written)
        content_type = _MERGE if method == "PATCH" else JSON
        return replace(call, method=method, body=json.dumps(sent).encode(), content_type=content_type)

    async def _carried(self, request: web.Request, call: Call) -> web.StreamResponse:
        watches = request.query.get("watch") in {"1", "true"}
        async with self._exchange.send(call, Limits(total=None if watches else ANSWER_SECONDS)) as response:
            self.wrote = self.wrote or (request.method not in _READS and response.status < 300)
            answer = web.StreamResponse(status=response.status, headers={"Content-Type": response.content_type})
            if response.retry_after is not None:
                answer.headers["Retry-After"] = str(int(response.retry_after))
            await answer.prepare(request)
            async for chunk in response.chunks:
                await answer.write(chunk)
            await answer.write_eof()
            return answer


def _written(call: Call) -> dict[str, Any] | None:
    """The object that the call writes; None for one that is sent as it is. Raises Refused for what can't be read."""
    body = call.body or b""
    try:
        if call.content_type.startswith(secret_protobuf.TYPE):
            return secret_protobuf.decoded(body)
        written = json.loads(body) if call.content_type.startswith(JSON) else None
    except ValueError as error:
        raise Refused(f"what {call} writes can't be read: {error}") from error
    return written if isinstance(written, dict) else None


async def _call(request: web.Request) -> Call:
    return Call(
        method=request.method,
        path=request.match_info["path"],
        query=dict(request.query),
        body=await request.read() or None,
        content_type=request.headers.get("Content-Type", JSON),
        accept=request.headers.get("Accept", JSON),
    )


def _status(code: int, message: str, status: str = "Failure") -> web.Response:
    """An answer as API servers give them."""
    body = {"apiVersion": "v1", "kind": "Status", "status": status, "message": message, "code": code}
    return web.json_response(body, status=code)
