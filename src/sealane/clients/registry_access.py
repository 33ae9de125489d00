"""Hosts that a registry's client may contact, and who gets passwords: all requests, redirects and sign-ins pass here.

A registry names the places to sign in (`realm`), of layers (a redirect) and of uploads (`Location`): these are its
words, not the operators'. Connections go to the checked address.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError

from sealane.clients import addresses
from sealane.clients.addresses import NotListed
from sealane.clients.image_manifests import LARGEST
from sealane.egress import USUAL_PATIENCE, Allowlist, Patience
from sealane.errors import Refused
from sealane.images import references

_CONNECTING = 5.0
"""Seconds to connect."""

HUB = "docker.io"
_HUB_ASKED = "registry-1.docker.io"
_HUB_SIGNS_IN = "auth.docker.io"
_HUB_LAYERS = (
    "production.cloudflare.docker.com",
    "docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com",
)
"""Docker Hub's hosts of layers, from Docker's own list for firewalls."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryAccess:
    """Registries that may be contacted, and where each signs in beside itself."""

    allowed: Allowlist | None = None
    """None on a person's own machine: any registry."""
    token_hosts: Mapping[str, str] = field(default_factory=dict)
    patience: Patience = USUAL_PATIENCE

    def problem(self, host: str) -> str | None:
        """Why the registry may not be contacted, or None."""
        if self.allowed is None:
            return None
        name, port = _split(asked(host))
        return _with_hub(self.allowed).refused(name, port)

    def check_pull(self, image: str) -> None:
        """Raises NotListed for an image that the engine may not fetch, by its registry and that host's address.

        Blocks. The engine looks the name up again, and follows its registry's redirects: that is the engine's own
        network.
        """
        if self.allowed is None:
            return
        try:
            host = references.parse(image).host
        except ValueError as error:
            raise NotListed(f"image {image} can't be fetched: {error}") from error
        name, port = _split(asked(host))
        try:
            addresses.look_up(name, port, _with_hub(self.allowed))
        except NotListed as error:
            hint = "operators list its registry in SEALANE_REGISTRY__PULLS"
            raise NotListed(
                f"image {image} is not on this engine and can't be fetched: {error.message}", hint=hint
            ) from error
        except OSError:  # the engine may know it, through a mirror or a proxy
            return


OPEN = RegistryAccess()
"""Access on a person's own machine."""


class CredentialsAstray(Refused):
    """A registry's password would go to a host that may not have it."""


class EndlessAnswer(Refused):
    """A manifest, token or error response has more bytes than allowed."""


def asked(host: str) -> str:
    """The host behind a registry's name."""
    return _HUB_ASKED if host == HUB else host


class Line:
    """The connections of one call, which another thread can close."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._is_cut = False

    def carry(self, connection: socket.socket) -> None:
        """Records a connection. Raises OSError once the line is cut."""
        with self._lock:
            if self._is_cut:
                connection.close()
                raise ConnectionAbortedError("it took too long")
            self._open.append(socket.socket(fileno=os.dup(connection.fileno())))  # TLS takes over the other one

    def cut(self) -> None:
        """Closes all connections, which ends waiting calls in its thread; new ones are refused."""
        with self._lock:
            self._is_cut = True
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        """Forgets the connections."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()


def session(host: str, access: RegistryAccess, line: Line) -> requests.Session:
    """A session for one registry that only contacts allowed hosts, and sends its password to no other host.

    The line records its connections if hosts are limited.
    """
    made = requests.Session()
    made.headers["Accept-Encoding"] = "identity"  # a small body may become large when it is decompressed
    allowed = access.allowed
    token_host = access.token_hosts.get(host) or (_HUB_SIGNS_IN if host == HUB else None)
    if allowed is not None:
        made.trust_env = False  # a proxy would look the name up itself
        allowed = _with_hub(allowed)
        if token_host:
            allowed = replace(allowed, names=(*allowed.names, token_host))
    knows = frozenset(known for known in (asked(host), token_host) if known)
    for scheme in ("http://", "https://"):
        made.mount(scheme, _Adapter(host, knows, allowed, access.patience.silence, line))
    return made


class _Adapter(HTTPAdapter):
    """Sends one request; redirects come here again."""

    def __init__(
        self, registry: str, knows: frozenset[str], allowed: Allowlist | None, silence: float, line: Line
    ) -> None:
        self._registry = registry
        self._knows = knows
        self._allowed = allowed
        self._timeout = (min(_CONNECTING, silence), silence)
        self._line = line
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **how: Any) -> None:
        """Connection pools that check the address; plain ones on a person's own machine."""
        super().init_poolmanager(*arguments, **how)
        if self._allowed is not None:
            self.poolmanager.pool_classes_by_scheme = _pools(self._allowed, self._line)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **how: Any) -> requests.Response:
        """Sends a request. Raises CredentialsAstray, EndlessAnswer, NotListed, and the errors of requests."""
        parts = urlsplit(request.url or "")
        if "Authorization" in request.headers and not self._may_know(parts.scheme, parts.netloc.lower()):
            where = f"{parts.scheme}://{parts.netloc}"
            message = f"the registry {self._registry} wants its password sent to {where}, which is not its own"
            hint = "operators who trust it write SEALANE_REGISTRY__TOKEN_HOSTS; by plain http none is sent"
            raise CredentialsAstray(message, hint=hint)
        timeout = how.get("timeout") or self._timeout
        answer = super().send(request, *arguments, **{**how, "timeout": timeout, "stream": True})
        if answer.is_redirect or not how.get("stream") or not answer.ok:
            _read(answer, self._registry)
        return answer

    def _may_know(self, scheme: str, host: str) -> bool:
        known = {allowed.lower() for allowed in self._knows}
        mine = host in known or host.removesuffix(":443") in known
        return mine and (scheme == "https" or _is_here(_split(host)[0]))


def _read(answer: requests.Response, registry: str) -> None:
    """Reads a body other than a layer: a manifest, a token, an error. Raises EndlessAnswer, and errors of requests."""
    try:
        body = answer.raw.read(LARGEST + 1, decode_content=False)
        answer.raw.release_conn()
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ConnectionError(error, request=answer.request) from error
    if len(body) > LARGEST:
        answer.close()
        raise EndlessAnswer(f"the registry {registry} answers with more than {LARGEST} bytes where none has so many")
    answer._content, answer._content_consumed = body, True  # type: ignore[attr-defined]  # noqa: SLF001 - as it does itself


def _pools(allowed: Allowlist, line: Line) -> dict[str, Any]:
    """Pools of connections to checked addresses."""

    def connected(host: str, port: int, timeout: Any, options: Any) -> socket.socket:
        problem: OSError = OSError(f"{host} has no address")
        for address in addresses.look_up(host, port, allowed):
            try:
                made = urllib3.util.connection.create_connection((address, port), timeout, socket_options=options)
                line.carry(made)
                return made
            except OSError as error:
                problem = error
        raise problem

    class Pinned(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            try:
                return connected(self.host, self.port, self.timeout, self.socket_options)
            except socket.gaierror as error:
                raise NameResolutionError(self.host, self, error) from error
            except OSError as error:
                raise NewConnectionError(self, str(error)) from error

    class PinnedTls(Pinned, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Pinned

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = PinnedTls

    return {"http": Pool, "https": TlsPool}


def _with_hub(allowed: Allowlist) -> Allowlist:
    if HUB not in allowed.hosts:
        return allowed
    return replace(allowed, names=(*allowed.names, _HUB_ASKED, _HUB_SIGNS_IN, *_HUB_LAYERS))


def _split(host: str) -> tuple[str, int]:
    parts = urlsplit(f"//{host}")
    return parts.hostname or "", parts.port or 443


def _is_here(name: str) -> bool:
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
