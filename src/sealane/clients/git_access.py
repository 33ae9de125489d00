"""Hosts that git may contact, and its credentials: a relay for each command that fetches, and passwords for one host.

Git and Git LFS follow redirects and hosts' own words to other hosts. They connect through a SOCKS relay of this process
(RFC 1928, with passwords of RFC 1929), which only connects to allowed hosts and addresses. Passwords come from a
credential helper, which git asks once a host wants one, and only for that host.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import secrets
import shlex
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from sealane.clients import addresses, git_ssh, programs
from sealane.clients.addresses import NotListed
from sealane.clients.git_ssh import Keys
from sealane.egress import USUAL_PATIENCE, Allowlist, Patience
from sealane.errors import SealaneError, Unavailable, UsageError

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_PORTS = {"https": 443, "http": 80, "ssh": 22}
_CHUNK = 64 * 1024
_CONNECTING = 30.0
_LONGEST_ANSWER = 64 * 1024
_GOOD, _NOT_ALLOWED, _NO_SUCH_HOST, _NOBODY_ANSWERS, _NOT_SUPPORTED = 0, 2, 4, 5, 7
_HELPER = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$SEALANE_GIT_USER" "$SEALANE_GIT_PASSWORD"; }; f'
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """Hosts that git may contact, and its credentials."""

    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    """`user:password` by `scheme://host[:port]`."""
    keys: Keys = field(default_factory=Keys)
    """SSH keys, and how hosts are known; on a person's own machine their `ssh` knows both."""
    allowed: Allowlist | None = None
    """None on a person's own machine: any host."""
    patience: Patience = USUAL_PATIENCE
    """How long to wait for a host; on a person's own machine only for a connection."""

    def password(self, url: str) -> str | None:
        """The credentials for the URL's own host, for its scheme."""
        return next((secret for key, secret in self.passwords.items() if origin(key) == origin(url)), None)


OPEN = Access()
"""Access on a person's own machine: any host, without credentials."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GitEnvironment:
    """Git's settings and environment variables for one command."""

    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@asynccontextmanager
async def opened(access: Access, url: str) -> AsyncIterator[GitEnvironment]:
    """Access to a repository inside the block, at most as long as the access has patience.

    Raises NotListed for a host or address that is not allowed, also in place of git's error; Unavailable when the host
    has no address, is silent, or takes too long.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        yield GitEnvironment()
        return
    signing_in = _signing_in(access, url) if parts.scheme != "ssh" else GitEnvironment(variables=_agent(access))
    if access.allowed is None:
        yield signing_in
        return
    whole = access.patience.whole
    try:
        async with asyncio.timeout(whole), _limited(access, access.allowed, parts) as way:
            yield GitEnvironment(settings={**signing_in.settings, **way.settings}, variables=signing_in.variables)
    except TimeoutError as error:
        raise Unavailable(f"{parts.hostname} took longer than {whole:g} s", hint="see SEALANE_GIT__PATIENCE") from error


@asynccontextmanager
async def _limited(access: Access, allowed: Allowlist, parts: SplitResult) -> AsyncIterator[GitEnvironment]:
    """Access by SSH to the checked address, by HTTP through a relay."""
    if parts.scheme == "ssh":
        async with _by_ssh(access, allowed, parts) as command:
            yield GitEnvironment(settings={"core.sshCommand": shlex.join(command), "ssh.variant": "ssh"})
        return
    await _find(parts, allowed)
    async with _relaying(allowed, access.patience.silence) as relay:
        try:
            yield GitEnvironment(settings=relay.settings)
        except SealaneError as error:
            if relay.refused:
                raise NotListed(f"{parts.geturl()} leads elsewhere: {relay.refused[0]}") from error
            if relay.silent and isinstance(error, Unavailable):
                said = f"{relay.silent[0]} said nothing for {access.patience.silence:g} s"
                raise Unavailable(said, hint="see SEALANE_EGRESS__SILENCE") from error
            raise


def _signing_in(access: Access, url: str) -> GitEnvironment:
    known = access.password(url)
    if known is None:
        return GitEnvironment()
    user, _, password = known.rpartition(":")
    variables = {"SEALANE_GIT_USER": user or "sealane", "SEALANE_GIT_PASSWORD": password}
    return GitEnvironment(settings={f"credential.{origin(url)}.helper": _HELPER}, variables=variables)


def origin(url: str) -> str:
    """Scheme, host and port of a URL: its identity as a host."""
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme)
    usual = port == _PORTS.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" if usual else f"{parts.scheme}://{host}:{port}"


async def _find(parts: SplitResult, allowed: Allowlist) -> str:
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    try:
        return (await addresses.find(host, port, allowed))[0]
    except OSError as error:
        raise Unavailable(f"{host} has no address: {error.strerror or error}") from error


async def by_ssh(access: Access, url: str, *words: str) -> bytes:
    """A git host's answer to a command by SSH, cut to a size. Raises NotListed, Unavailable, UsageError."""
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    port = ("-p", str(parts.port)) if parts.port else ()
    where = (*port, "--", f"{user}{parts.hostname}", shlex.join(words))
    if access.allowed is None:
        return await _said((*git_ssh.PERSONAL, *where), parts, access)
    async with _by_ssh(access, access.allowed, parts) as command:
        return await _said((*command, *where), parts, access)


async def _said(command: tuple[str, ...], parts: SplitResult, access: Access) -> bytes:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **_agent(access)}
    within = min(_CONNECTING, access.patience.silence)
    try:
        ended = await programs.run(*command, within=within, environment=environment, most=_LONGEST_ANSWER)
    except FileNotFoundError as error:
        raise Unavailable("there is no ssh on this machine", hint="apt-get install openssh-client") from error
    except TimeoutError as error:
        raise Unavailable(f"{parts.hostname} does not answer by SSH") from error
    if ended.code:
        raise UsageError(f"{parts.hostname} says by SSH: {ended.said}")
    return ended.out


@asynccontextmanager
async def _by_ssh(access: Access, allowed: Allowlist, parts: SplitResult) -> AsyncIterator[tuple[str, ...]]:
    address = await _find(parts, allowed)
    async with git_ssh.opened(parts, address, access.keys, access.patience.silence) as command:
        yield command


def _agent(access: Access) -> dict[str, str]:
    """A person's agent signs in for them; a server uses none, because it would offer every key to every host."""
    name = "SSH_AUTH_SOCK"
    return {name: os.environ[name]} if access.allowed is None and name in os.environ else {}


@dataclass(slots=True)
class _Quiet:
    """When something last came through a connection, in either direction."""

    clock: Callable[[], float]
    since: float

    def broken(self) -> None:
        self.since = self.clock()


@dataclass(kw_only=True, slots=True)
class _Relay:
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
            async with asyncio.timeout(_CONNECTING):
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
async def _relaying(allowed: Allowlist, silence: float) -> AsyncIterator[_Relay]:
    relay = _Relay(allowed=allowed, silence=silence)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        await relay.close()


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


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, told: Callable[[], None]) -> None:
    while data := await reader.read(_CHUNK):
        told()
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
