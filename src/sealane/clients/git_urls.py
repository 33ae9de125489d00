"""Checks URLs of repositories. Pure.

Those of submodules come from pushed commits and are hostile until shown to be plain HTTPS or SSH; registered ones are
checked for mistakes.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, unquote, urlsplit

from sealane.configfiles import globs
from sealane.errors import UsageError

_TRANSPORT = re.compile(r"[A-Za-z0-9+.-]+::")
_SCP = re.compile(r"(?:(?P<user>[A-Za-z0-9_.-]+)@)?(?P<host>[A-Za-z0-9.-]+):(?P<path>[^/].*)")
_ODD = re.compile(r"[\x00-\x20\x7f\\]")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def resolve(written: str, base: str) -> str:
    """The URL of a submodule; `base` is the repository's own, to which `./` and `../` are relative.

    Raises UsageError with the reason for all URLs other than HTTPS or SSH, or with more than a repository in them; HTTP
    is only allowed beside a repository with HTTP.
    """
    if not written or _ODD.search(written):
        raise UsageError("it is no URL: it is empty or has spaces, control characters or backslashes")
    if written.startswith("-"):
        raise UsageError("git would take it for an option")
    if match := _TRANSPORT.match(written):
        raise UsageError(f"the transport {match[0]} runs programs of this machine")
    url = _below(written, base) if written.startswith(("./", "../")) or written in {".", ".."} else _full(written)
    _check(_split(url), base)
    return url


def check_registered(written: str) -> None:
    """Raises UsageError unless git would fetch the URL from a host: a path would be a file on the server's machine."""
    if "://" not in written and _SCP.fullmatch(written):
        raise UsageError(f"{written} is no repository's URL", hint=f"write {_full(written)}")
    try:
        parts = urlsplit(written)
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"{written} is no repository's URL: {error}") from error
    if parts.scheme not in {"https", "http", "ssh"} or not parts.hostname:
        raise UsageError(f"{written} is no repository's URL", hint="it begins with https://, http:// or ssh://")
    if parts.password:
        raise UsageError("the repository's URL holds a password", hint="give it as SEALANE_GIT__TOKENS")
    if not (_NAME.fullmatch(parts.hostname) or _is_address(parts.hostname)):
        raise UsageError(f"{parts.hostname} can't be a host")
    if parts.scheme == "ssh" and parts.username and not _NAME.fullmatch(parts.username):
        raise UsageError(f"{parts.username} can't be a user of {parts.hostname}")
    if not parts.path.strip("/") or parts.query or parts.fragment:
        raise UsageError(f"{written} is not a host and a path")


def is_allowed(url: str, allowed: Iterable[str]) -> bool:
    """Whether one of the globs matches its host and path, `git.example.com/libs/*`; an ending `.git` is ignored."""
    return globs.any_matches(tuple(allowed), place(url))


def place(url: str) -> str:
    """Host and path of a URL, in the operators' format."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.hostname}{port}/{parts.path.strip('/').removesuffix('.git')}"


def host(url: str) -> str:
    """The URL's host in the format of a list of hosts, with its port if it has one."""
    port = urlsplit(url).port
    return f"{name(url)}:{port}" if port else name(url)


def name(url: str) -> str:
    """The URL's host without a port, in the format of URLs."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:  # brackets without an address
        raise UsageError("its host or user can't be one") from error


def _full(written: str) -> str:
    if "://" not in written and (match := _SCP.fullmatch(written)):
        user = f"{match['user']}@" if match["user"] else ""
        return f"ssh://{user}{match['host']}/{match['path']}"
    return written


def _below(written: str, base: str) -> str:
    """Like git does it: each `../` removes one part from the end of the repository's own path."""
    base = _full(base)
    parts = _split(base)
    if parts.scheme not in {"https", "http", "ssh"}:
        raise UsageError("it is relative, and the repository itself has no URL that it could be relative to")
    folders = parts.path.strip("/").split("/")
    for part in written.strip("/").split("/"):
        if part == "..":
            if not folders:
                raise UsageError(f"it leads out of {parts.netloc}")
            folders.pop()
        elif part not in {"", "."}:
            folders.append(part)
    return parts._replace(path="/" + "/".join(folders), query="", fragment="").geturl()


def _check(parts: SplitResult, base: str) -> None:
    schemes = {"https", "ssh", *({"http"} if base.startswith("http://") else ())}
    if parts.scheme not in schemes:
        raise UsageError("it is not by HTTPS or SSH")
    try:
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not _NAME.fullmatch(host) or (parts.username and not _NAME.fullmatch(parts.username)):
        raise UsageError("its host or user can't be one")
    if parts.password is not None:
        raise UsageError("it holds a password")
    if parts.query or parts.fragment or not parts.path.strip("/"):
        raise UsageError("it is not a host and a path")
    if any(unquote(part) in {"", ".", ".."} or "/" in unquote(part) for part in parts.path.strip("/").split("/")):
        raise UsageError("its path has parts that lead elsewhere")
