"""Image references: host, path, tag and digest. Pure: knows nothing about registries.

The short forms follow Docker's rules (distribution/reference): `redis` is `docker.io/library/redis`, and the first
part is a host only when it has a dot, a port or is `localhost`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HOST = re.compile(
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?"
)
_PART = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
DIGEST = r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}"
"""What a digest looks like, as a pattern."""
_DIGEST = re.compile(DIGEST)
_LOOPBACK = re.compile(r"(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """An image's name in full: `host/path[:tag][@digest]`."""

    host: str
    path: str
    tag: str | None = None
    digest: str | None = None

    @property
    def repository(self) -> str:
        """Host and path, without tag and digest."""
        return f"{self.host}/{self.path}"

    @property
    def insecure(self) -> bool:
        """Whether plain HTTP is used: only for this machine itself, as in Docker."""
        return is_this_machine(self.host)

    @property
    def pointer(self) -> str:
        """What to request from a registry: the digest, else the tag, else `latest`."""
        return self.digest or self.tag or "latest"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"


def is_digest(text: str) -> bool:
    """Whether it names contents by their hash, as manifests do."""
    return _DIGEST.fullmatch(text) is not None


def is_this_machine(host: str) -> bool:
    """Whether a registry's host, with or without a port, is this machine itself."""
    return _LOOPBACK.fullmatch(host) is not None


def parse(text: str) -> Reference:
    """Reads a reference in any of its short forms.

    Raises ValueError with the reason when it can't be one.
    """
    rest, _, digest = text.partition("@")
    if "@" in text and not _DIGEST.fullmatch(digest):
        raise ValueError(f"{digest or 'nothing'} is no digest (sha256: and 64 hexadecimal digits)")
    head, slash, tail = rest.partition("/")
    is_host = bool(slash) and ("." in head or ":" in head or head == "localhost")
    host, path = (head, tail) if is_host else ("docker.io", rest)
    path, colon, tag = path.partition(":")
    if host in {"index.docker.io", "registry-1.docker.io"}:
        host = "docker.io"
    if host == "docker.io" and path and "/" not in path:
        path = f"library/{path}"
    if not _HOST.fullmatch(host):
        raise ValueError(f"{host} is no registry's host name")
    wrong = next((part for part in path.split("/") if not _PART.fullmatch(part)), None)
    if wrong is not None:
        raise ValueError(f"{wrong or 'nothing'} can't be part of an image's name (lower case letters, digits, . _ -)")
    if colon and not _TAG.fullmatch(tag):
        raise ValueError(f"{tag or 'nothing'} is no tag (letters, digits, . _ -, at most 128)")
    return Reference(host=host, path=path, tag=tag or None, digest=digest or None)
