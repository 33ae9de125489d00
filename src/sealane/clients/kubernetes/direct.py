"""Connections to an API server, with credentials and timeouts.

The only importer of aiohttp's client here; its errors stay inside.
"""

from __future__ import annotations

import asyncio
import io
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import aiohttp
import yarl

import sealane
from sealane import clock
from sealane.clients.kubernetes import credentials, error_responses, errors
from sealane.clients.kubernetes.exchange import Call, Limits, Response

CONNECT_SECONDS = 10.0


class Direct:
    """One API server, reached directly."""

    def __init__(self, source: credentials.Source) -> None:
        self._source = source
        self._signed_in: credentials.SignIn | None = None
        self._files: tuple[tuple[int, ...] | None, ...] = ()
        """The state of the kubeconfig's files when it was read."""
        self._signing_in = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    @property
    def server(self) -> str:
        """The address of the API server."""
        return self._signed_in.server if self._signed_in else ""

    async def open(self) -> None:
        """Signs in; connects when first asked. Raises NoSignIn."""
        self._session = _session()
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

    @asynccontextmanager
    async def send(self, call: Call, limits: Limits) -> AsyncIterator[Response]:
        """The answer; signs in again, once, when the credentials were refused. Raises a ClusterError."""
        timeout = aiohttp.ClientTimeout(total=limits.total, sock_connect=CONNECT_SECONDS, sock_read=limits.silence)
        signed_in = await self._sign_in()
        response = await self._request(call, signed_in, timeout)
        if response.status == 401:
            response.release()
            signed_in = await self._sign_in(instead_of=signed_in)
            response = await self._request(call, signed_in, timeout)
        try:
            yield Response(
                status=response.status,
                content_type=response.headers.get("Content-Type", ""),
                retry_after=_seconds(response.headers.get("Retry-After")),
                chunks=_chunks(response, call),
            )
        finally:
            response.release()

    async def reachable(self) -> None:
        """Returns at once: only a call can show it."""

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
                data=None if call.body is None else io.BytesIO(call.body),  # sent in pieces, whatever its length
                headers=headers,
                timeout=limits,
                allow_redirects=False,
                ssl=signed_in.tls if signed_in.tls is not None else True,
                server_hostname=signed_in.server_name,
                proxy=signed_in.proxy,
            )

    async def _sign_in(self, instead_of: credentials.SignIn | None = None) -> credentials.SignIn:
        """The credentials; read again when they expire or the server rejects `instead_of`.

        They are also read again when somebody rewrites the kubeconfig: while it is incomplete, the previous ones stay
        in use.
        """
        async with self._signing_in:
            now, files = self._signed_in, credentials.files(self._source)
            due = now is None or now is instead_of or (now.renew_at is not None and now.renew_at <= clock.now())
            if now is not None and not due and files == self._files:
                return now
            try:
                fresh = await credentials.sign_in(self._source)
            except errors.NoSignIn:
                if now is None or due:
                    raise
                return now
            if now is not None and now.fingerprint == fresh.fingerprint:
                fresh = credentials.keep_tls(fresh, now.tls)
            if now is not None and now.server != fresh.server and self._session is not None:
                await self._session.close()  # never follow objects at one cluster and change them at another
                self._session = _session()
            self._signed_in, self._files = fresh, files
            return fresh


def _session() -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    connector = aiohttp.TCPConnector(limit=0, socket_factory=_socket, keepalive_timeout=30)
    agent = {"User-Agent": f"sealane/{sealane.__version__}"}
    return aiohttp.ClientSession(
        connector=connector, timeout=timeout, headers=agent, trust_env=True, auto_decompress=True
    )


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdecimal() else None


async def _chunks(response: aiohttp.ClientResponse, call: Call) -> AsyncIterator[bytes]:
    with _translated(call):
        async for chunk in response.content.iter_any():
            yield chunk


@contextmanager
def _translated(call: Call) -> Iterator[None]:
    """Turns aiohttp's exceptions into ours."""
    try:
        yield
    except errors.ClusterError:
        raise
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
        reason = error_responses.scrubbed(_reason(error), secret=False)[:300]
        hint = "compare certificate-authority and server in the kubeconfig"
        raise errors.Untrusted(f"{call}: TLS: {reason}", hint=hint) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        reason = error_responses.scrubbed(_reason(error), secret=False)[:300] or "no answer in time"
        unreachable = errors.Unreachable(f"{call}: {reason}", hint="is the API server running and reachable?")
        unreachable.sent = not isinstance(error, aiohttp.ClientConnectorError)
        raise unreachable from error


def _reason(error: Exception) -> str:
    """Why the connection failed, without the library's own objects."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = getattr(error.certificate_error, "verify_message", error.certificate_error)
        return f"{error.host}:{error.port} has a certificate that is not trusted: {why}"
    if isinstance(error, aiohttp.ClientConnectorError):
        low = error.os_error
        reason = getattr(low, "reason", None) or low.strerror or str(low)
        if isinstance(low, ConnectionError) and low.errno is not None:
            reason = os.strerror(low.errno).lower()
        return f"{error.host}:{error.port} can't be reached: {reason}"
    return str(error)


def _socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket that detects a lost peer within half a minute, also on a silent watch."""
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPALIVE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return made
