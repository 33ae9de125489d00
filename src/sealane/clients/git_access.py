"""Hosts that git may contact, and its credentials: a proxy for each command that fetches, and passwords for one host.

Git and Git LFS follow redirects and hosts' own words to other hosts. They connect through a SOCKS proxy of this process
(RFC 1928, with passwords of RFC 1929), which only connects to allowed hosts and addresses. Passwords come from a
credential helper, which git asks once a host wants one, and only for that host.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from sealane.clients import addresses, git_socks_proxy, git_ssh, programs
from sealane.clients.addresses import NotListed
from sealane.clients.git_ssh import Keys
from sealane.egress import USUAL_PATIENCE, Allowlist, Patience
from sealane.errors import SealaneError, Unavailable, UsageError

_PORTS = {"https": 443, "http": 80, "ssh": 22}
_LONGEST_ANSWER = 64 * 1024
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
    """Access by SSH to the checked address, by HTTP through a proxy."""
    if parts.scheme == "ssh":
        async with _by_ssh(access, allowed, parts) as command:
            yield GitEnvironment(settings={"core.sshCommand": shlex.join(command), "ssh.variant": "ssh"})
        return
    await _find(parts, allowed)
    async with git_socks_proxy.running(allowed, access.patience.silence) as proxy:
        try:
            yield GitEnvironment(settings=proxy.settings)
        except SealaneError as error:
            if proxy.refused:
                raise NotListed(f"{parts.geturl()} leads elsewhere: {proxy.refused[0]}") from error
            if proxy.silent and isinstance(error, Unavailable):
                message = f"{proxy.silent[0]} said nothing for {access.patience.silence:g} s"
                raise Unavailable(message, hint="see SEALANE_EGRESS__SILENCE") from error
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
    within = min(git_socks_proxy.CONNECTING, access.patience.silence)
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
