"""SSH to git hosts: to the checked address, verified by host key, with the key for that host alone.

A server's `ssh` reads no configuration file and uses no agent: they can name other hosts, programs and keys
(ssh_config(5)).
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult

from sealane.errors import SealaneError, Unavailable, UsageError

PERSONAL = ("ssh", "-o", "BatchMode=yes")
"""On a person's own machine: with their configuration, but without questions."""
_PORT = 22
_MOST_SAID = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """A server's SSH keys, and how it knows hosts."""

    by_host: Mapping[str, Path] = field(default_factory=dict)
    """Files of private keys by `host` or `host:port`; each is offered to its own host only."""
    known_hosts: Path | None = None
    """None: the `known_hosts` files of the server's user and of the machine."""

    def of(self, parts: SplitResult) -> Path | None:
        """The key for a URL's host."""
        return self.by_host.get(_listed(parts))


@asynccontextmanager
async def opened(parts: SplitResult, address: str, keys: Keys, silence: float) -> AsyncIterator[tuple[str, ...]]:
    """The command that connects to a URL's host at this address; git or others append user and host.

    When its use fails, raises UsageError for a host that is unknown or denies access, and Unavailable for one that
    can't be reached, in place of the original error.
    """
    with tempfile.TemporaryDirectory(prefix="sealane-ssh-") as folder:
        log = Path(folder) / "log"
        try:
            yield ("ssh", "-F", "none", "-E", str(log), *_options(parts, address, keys, silence))
        except SealaneError as error:
            output = await asyncio.to_thread(_read, log)
            raise (_problem(parts, keys, output) or error) from error


def _options(parts: SplitResult, address: str, keys: Keys, silence: float) -> tuple[str, ...]:
    key = keys.of(parts)
    seconds = max(1, round(silence))
    options = {
        "BatchMode": "yes",
        "LogLevel": "ERROR",
        "HostName": address,
        "HostKeyAlias": _known_as(parts),
        "CheckHostIP": "no",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "IdentityFile": _path(key) if key else "none",
        "PreferredAuthentications": "publickey",
        "ConnectTimeout": str(seconds),
        "ServerAliveInterval": str(seconds),
        "ServerAliveCountMax": "1",
    }
    if keys.known_hosts is not None:
        options |= {"UserKnownHostsFile": _path(keys.known_hosts), "GlobalKnownHostsFile": "none"}
    return tuple(word for name, value in options.items() for word in ("-o", f"{name}={value}"))


def _problem(parts: SplitResult, keys: Keys, output: str) -> SealaneError | None:
    """The problem that `ssh` itself reported; None if git or the host failed."""
    host, file = _listed(parts), keys.known_hosts or "known_hosts of the user that runs the server"
    if "IDENTIFICATION HAS CHANGED" in output:
        hint = f"if its operators changed it, put the new one into {file}; otherwise somebody stands between"
        return UsageError(f"{host} shows another host key than the one that is known", hint=hint)
    if "Host key verification failed" in output or "No matching host key" in output:
        port = f"-p {parts.port} " if parts.port else ""
        hint = f"compare what ssh-keyscan {port}{parts.hostname} prints with what the host publishes, and put it into {file}"
        return UsageError(f"the host key of {host} is not known", hint=hint)
    if "Permission denied" in output:
        key = keys.of(parts)
        who = f"lets nobody in with the key {key}" if key else "wants a key, and none is listed for it"
        unread = next((f": {line}" for line in output.splitlines() if line.startswith("Load key")), "")
        return UsageError(f"{host} {who}{unread}", hint="see SEALANE_GIT__SSH_KEYS; a key there has no passphrase")
    words = " ".join(output.split())[:_MOST_SAID]
    return Unavailable(f"{host} can't be reached by SSH: {words}") if words else None


def _listed(parts: SplitResult) -> str:
    """The host in the operators' format."""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return host if parts.port in {None, _PORT} else f"{host}:{parts.port}"


def _known_as(parts: SplitResult) -> str:
    """The host in the format of `known_hosts` (sshd(8))."""
    return parts.hostname or "" if parts.port in {None, _PORT} else f"[{parts.hostname}]:{parts.port}"


def _path(path: Path) -> str:
    """A path for an option: one word, in which no character is special."""
    return '"' + str(path).replace("%", "%%") + '"'


def _read(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""
