"""Requests to one API server: signed in, timed, retried. The only importer of aiohttp's client here.

A call that may be repeated is, while the server is away, busy or broken, with growing and jittered pauses, for at most
`patience` seconds; a call that may not be repeated only when it certainly never reached the server. aiohttp's
exceptions stay inside.
"""

from __future__ import annotations

import asyncio
import io
import os
import random
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import yarl

import sealane
from sealane import clock
from sealane.clients.kubernetes import attempts, credentials, errors

ANSWER_SECONDS = 65.0
"""How long an answer may take: admission webhooks alone may take 30 s, one after the other."""
CONNECT_SECONDS = 10.0
FIRST_PATIENCE = 3.0
"""How long a server that has never answered is tried: a wrong address should be said soon."""
LONGEST_NO = 1024 * 1024
"""Bytes of an error that are read; an invalid object comes back whole in it."""
PAUSE = 0.1
LONGEST_PAUSE = 5.0
JSON = "application/json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request. `query` values are sent as they are; `repeatable` says whether sending it twice does no harm.

    `name` is that of the object that is created, which no path holds.
    """

    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: bytes | None = None
    content_type: str = JSON
    accept: str = JSON
    repeatable: bool = True
    name: str = ""

    def __str__(self) -> str:
        """What it was to do, as errors name it."""
        return attempts.words(self.method, self.path, name=self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back, when it was good."""

    status: int
    body: bytes
    content_type: str


class Transport:
    """Connections to one API server."""

    def __init__(self, source: credentials.Source, *, patience: float = 15.0) -> None:
        self._source = source
        self._patience = patience
        self._signed_in: credentials.SignIn | None = None
        self._signing_in = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None
        self._reached = False

    async def open(self) -> None:
        """Signs in; connects when first asked."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
        connector = aiohttp.TCPConnector(limit=0, socket_factory=_socket, keepalive_timeout=30)
        agent = {"User-Agent": f"sealane/{sealane.__version__}"}
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=timeout, headers=agent, trust_env=True, auto_decompress=True
        )
        try:
            await self._sign_in()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Ends all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def server(self) -> str:
        """The address of the API server."""
        return self._signed_in.server if self._signed_in else ""

    async def call(self, call: Call, *, seconds: float = ANSWER_SECONDS) -> Answer:
        """Sends a request and reads the answer, trying again where that may help. Raises a ClusterError."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + (self._patience if self._reached else min(FIRST_PATIENCE, self._patience))
        attempt = 0
        while True:
            try:
                return await self._once(call, seconds)
            except errors.ClusterError as error:
                pause = _pause(attempt, error.retry_after)
                if not _try_again(call, error) or loop.time() + pause > give_up:
                    raise
                attempt += 1
                await asyncio.sleep(pause)

    @asynccontextmanager
    async def stream(self, call: Call, *, silence: float | None = None) -> AsyncIterator[AsyncIterator[bytes]]:
        """Opens a stream once, without trying again, and gives its chunks; `silence` is the longest gap in seconds.

        The stream ends when the server ends it. Raises a ClusterError, also while iterating.
        """
        async with self._send(call, aiohttp.ClientTimeout(total=None, sock_read=silence)) as response:
            yield _chunks(response, call)

    async def _once(self, call: Call, seconds: float) -> Answer:
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)
        async with self._send(call, timeout) as response:
            with _translated(call):
                body = await response.read()
            return Answer(status=response.status, body=body, content_type=response.headers.get("Content-Type", ""))

    @asynccontextmanager
    async def _send(self, call: Call, limits: aiohttp.ClientTimeout) -> AsyncIterator[aiohttp.ClientResponse]:
        """The response to a request, when it is good; signs in again, once, when the credentials were refused."""
        signed_in = await self._sign_in()
        response = await self._request(call, signed_in, limits)
        if response.status == 401:
            response.release()
            signed_in = await self._sign_in(instead_of=signed_in)
            response = await self._request(call, signed_in, limits)
        try:
            self._reached = True
            if response.status >= 300:
                raise await _said_no(call, response)
            yield response
        finally:
            response.release()

    async def _request(
        self, call: Call, signed_in: credentials.SignIn, limits: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        if self._session is None:
            raise errors.Unreachable(f"{call}: the connection to {signed_in.server} is closed")
        url = yarl.URL(
            signed_in.server + yarl.URL.build(path=call.path, query=call.query or {}).raw_path_qs, encoded=True
        )
        headers = {"Accept": call.accept}
        if signed_in.authorization:
            headers["Authorization"] = signed_in.authorization
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        with _translated(call):
            return await self._session.request(
                call.method,
                url,
                data=None if call.body is None else io.BytesIO(call.body),  # sent in pieces, however long it is
                headers=headers,
                timeout=limits,
                allow_redirects=False,
                ssl=signed_in.tls if signed_in.tls is not None else True,
                server_hostname=signed_in.server_name,
                proxy=signed_in.proxy,
            )

    async def _sign_in(self, instead_of: credentials.SignIn | None = None) -> credentials.SignIn:
        """The credentials; read again when they run out, or when the server no longer takes `instead_of`."""
        async with self._signing_in:
            now = self._signed_in
            due = now is None or (now.renew_at is not None and now.renew_at <= clock.now())
            if now is not None and not due and now is not instead_of:
                return now
            fresh = await credentials.sign_in(self._source)
            if now is not None and now.fingerprint == fresh.fingerprint:
                fresh = credentials.keep_tls(fresh, now.tls)
            self._signed_in = fresh
            return fresh


def _try_again(call: Call, error: errors.ClusterError) -> bool:
    if isinstance(error, errors.TooManyRequests):  # turned away at the door: nothing was done
        return True
    if isinstance(error, errors.Unreachable) and not error.sent:
        return error.retry
    return error.retry and call.repeatable


def _pause(attempt: int, retry_after: float | None) -> float:
    """Seconds until the next attempt: what the server asks for, else growing, at least half of it by chance."""
    longest: float = min(PAUSE * 2**attempt, LONGEST_PAUSE)
    pause = longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
    return max(pause, retry_after or 0.0)


def pause(attempt: int) -> float:
    """Seconds to wait before the given attempt (from 0) of something that is tried for ever."""
    return _pause(attempt, None)


def _retry_after(header: str | None) -> float | None:
    return float(header) if header and header.isdecimal() else None


async def _said_no(call: Call, response: aiohttp.ClientResponse) -> errors.ClusterError:
    body = b""
    with _translated(call):
        while len(body) < LONGEST_NO and (chunk := await response.content.readany()):
            body += chunk
    after = _retry_after(response.headers.get("Retry-After"))
    return errors.of_response(
        response.status, body, request=str(call), secret="/secrets" in call.path, retry_after=after
    )


async def _chunks(response: aiohttp.ClientResponse, call: Call) -> AsyncIterator[bytes]:
    with _translated(call):
        async for chunk in response.content.iter_any():
            yield chunk


class _translated:  # noqa: N801 - reads as a clause
    """Turns aiohttp's exceptions into ours."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, errors.ClusterError):
            return
        if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
            reason = errors.scrubbed(_reason(error), secret=False)[:300]
            hint = "compare certificate-authority and server in the kubeconfig"
            raise errors.Untrusted(f"{self._call}: TLS: {reason}", hint=hint) from error
        if isinstance(error, aiohttp.ClientError | TimeoutError | OSError):
            reason = errors.scrubbed(_reason(error), secret=False)[:300] or "no answer in time"
            unreachable = errors.Unreachable(f"{self._call}: {reason}", hint="is the API server running and reachable?")
            unreachable.sent = not isinstance(error, aiohttp.ClientConnectorError)
            raise unreachable from error


def _reason(error: Exception) -> str:
    """What kept the connection from being made, without the library's own objects."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = getattr(error.certificate_error, "verify_message", error.certificate_error)
        return f"{error.host}:{error.port} has a certificate that is not trusted: {why}"
    if isinstance(error, aiohttp.ClientConnectorError):
        low = error.os_error
        said = getattr(low, "reason", None) or low.strerror or str(low)
        if isinstance(low, ConnectionError) and low.errno is not None:
            said = os.strerror(low.errno).lower()
        return f"{error.host}:{error.port} can't be reached: {said}"
    return str(error)


def _socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket that notices within half a minute that the other side is gone, also on a silent watch."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPALIVE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return made
