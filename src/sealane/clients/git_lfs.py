"""Git LFS files in a clone: finds the pointers, and replaces them by the files.

Uses LFS's batch API (git-lfs docs/api/batch.md) and its basic transfer, not its program: a host names each file's
address, and the program would contact this machine's own addresses past every proxy.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from sealane.clients import git, git_access, git_urls
from sealane.clients.git import RepositoryUnavailable
from sealane.clients.git_access import OPEN, Access
from sealane.errors import UsageError

if TYPE_CHECKING:
    import httpx

OBJECTS = ".git/lfs/objects"
_LONGEST = 1024
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,18})\n?"
)
_NOT_SO = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""Errors from reading an answer that does not follow the API."""
_TYPE = "application/vnd.git-lfs+json"
_AT_ONCE = 100
"""Files per request, the same as in the API's own client."""
_HOPS = 5
_EVERYWHERE = frozenset({"accept", "content-type"})
"""Headers that may go to another host; all others may be credentials for the first."""
_OF_THE_CONNECTION = frozenset({"host", "content-length", "transfer-encoding", "connection", "upgrade"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Pointer:
    """A pointer that stands for a file."""

    oid: str
    size: int


async def pointers(folder: Path) -> dict[str, Pointer]:
    """Paths of files whose content is still at the host, with their pointers."""
    try:
        named = await git.run("-C", str(folder), "ls-files", "-z", "--", ":(attr:filter=lfs)")
    except UsageError:
        return {}
    paths = (path for path in named.decode(errors="surrogateescape").split("\0") if path)
    return {path: pointer for path in paths if (pointer := _pointer(folder / path)) is not None}


async def fetch(folder: Path, repository: str, *, access: Access = OPEN) -> None:
    """Replaces the pointers by the files. Key: the clone; files already there stay.

    They come from the repository itself, even if its `.lfsconfig` names another place. Raises UsageError if the
    repository has none, one does not match its pointer, or they are too large; NotListed; RepositoryUnavailable.
    """
    wanted = await pointers(folder)
    if not wanted:
        return
    if "://" not in repository:
        message = "files of Git LFS can't be fetched: a repository that Sealane serves keeps none"
        raise UsageError(message, hint="keep the repository at a git host, or clone: {lfs: false}")
    if sum(pointer.size for pointer in wanted.values()) > git.MOST_BYTES:
        raise UsageError(f"the files of Git LFS have more than {git.MOST_BYTES} bytes")
    whole = access.patience.whole if access.allowed is not None else None
    try:
        async with asyncio.timeout(whole):
            await _fetch(folder, repository, access, wanted)
    except TimeoutError as error:
        message = f"files of Git LFS of {repository} took longer than {whole:g} s"
        raise RepositoryUnavailable(message, hint="see SEALANE_GIT__PATIENCE") from error


async def _fetch(folder: Path, repository: str, access: Access, wanted: Mapping[str, Pointer]) -> None:
    import httpx  # here: most clones have no such files, and loading it slows a command down

    from sealane.clients import pinned

    transport = pinned.PinnedTransport(access.allowed) if access.allowed is not None else None
    async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=access.patience.silence) as client:
        host = await _host(client, repository, access)
        by_oid: dict[str, list[str]] = {}
        for path, pointer in wanted.items():
            by_oid.setdefault(pointer.oid, []).append(path)
        try:
            for start in range(0, len(by_oid), _AT_ONCE):
                some = list(by_oid)[start : start + _AT_ONCE]
                objects = {oid: wanted[by_oid[oid][0]] for oid in some}
                async for oid, at in _fetched(host, objects, folder):
                    for path in by_oid[oid]:
                        await asyncio.to_thread(_place, at, folder / path)
        except (httpx.HTTPError, OSError) as error:
            message = f"files of Git LFS can't be fetched from {repository}: {str(error) or type(error).__name__}"
            raise RepositoryUnavailable(message[:300]) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class _Host:
    """The API's address and credentials."""

    client: httpx.AsyncClient
    url: str
    headers: Mapping[str, str]
    password: str | None

    async def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> httpx.Response:
        """An answer whose body is still to be read. Only the API's own host gets the credentials."""
        for _ in range(_HOPS):
            answer = await self._send(method, url, headers, body)
            if answer.status_code == 401 and self.password and _same_host(url, self.url):
                await answer.aclose()
                encoded = base64.b64encode(self.password.encode()).decode()
                answer = await self._send(method, url, {**headers, "Authorization": f"Basic {encoded}"}, body)
            if answer.status_code not in {301, 302, 303, 307, 308} or "location" not in answer.headers:
                return answer
            await answer.aclose()
            target = urljoin(url, answer.headers["location"])
            if not _same_host(target, url):
                headers = {name: value for name, value in headers.items() if name.lower() in _EVERYWHERE}
            url = target
        raise UsageError(f"{self.url} redirects again and again")

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> httpx.Response:
        if not _is_http(url):
            raise UsageError(f"{url[:200]!r}, where files of Git LFS are said to be, is no address of HTTP")
        try:
            request = self.client.build_request(method, url, headers=dict(headers), content=body)
        except ValueError as error:  # characters that headers can't have
            raise UsageError(f"{self.url} asks for headers that HTTP does not have") from error
        return await self.client.send(request, stream=True)


async def _host(client: httpx.AsyncClient, repository: str, access: Access) -> _Host:
    url = f"{repository.rstrip('/').removesuffix('.git')}.git"
    if urlsplit(url).scheme != "ssh":
        return _Host(client=client, url=f"{url}/info/lfs", headers={}, password=access.password(url))
    output = await git_access.by_ssh(access, url, "git-lfs-authenticate", urlsplit(url).path.lstrip("/"), "download")
    try:
        answer = json.loads(output)
        href = answer.get("href") or f"https://{git_urls.name(url)}{urlsplit(url).path}/info/lfs"
        return _Host(client=client, url=str(href).rstrip("/"), headers=_headers(answer), password=None)
    except _NOT_SO as error:
        raise UsageError(f"{repository} does not say where its files of Git LFS are") from error


async def _fetched(host: _Host, objects: Mapping[str, Pointer], folder: Path) -> Any:
    """Fetches each file by its digest and keeps it where LFS's own program does."""
    for oid, href, headers in await _batch(host, objects):
        at = folder / OBJECTS / oid[:2] / oid[2:4] / oid
        await asyncio.to_thread(at.parent.mkdir, parents=True, exist_ok=True)
        await _download(host, href, headers, objects[oid], at)
        yield oid, at


async def _batch(host: _Host, objects: Mapping[str, Pointer]) -> Sequence[tuple[str, str, dict[str, str]]]:
    wish = [{"oid": oid, "size": pointer.size} for oid, pointer in objects.items()]
    asked = {"operation": "download", "transfers": ["basic"], "objects": wish, "hash_algo": "sha256"}
    headers = {"Accept": _TYPE, "Content-Type": _TYPE, **host.headers}
    answer = await host.ask("POST", f"{host.url}/objects/batch", headers, json.dumps(asked).encode())
    try:
        if answer.status_code != 200:
            _failed(host.url, answer.status_code)
        return list(_told(json.loads(await _whole(answer))["objects"], objects, host.url))
    except _NOT_SO as error:
        raise UsageError(f"{host.url} does not answer as a host of Git LFS does") from error
    finally:
        await answer.aclose()


def _told(
    answers: Sequence[Any], objects: Mapping[str, Pointer], url: str
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Digest, address and headers of each requested file."""
    known = {answer.get("oid"): answer for answer in answers if isinstance(answer, dict)}
    for oid in objects:
        answer = known.get(oid) or {}
        download = (answer.get("actions") or {}).get("download") or {}
        if not download.get("href"):
            why = (answer.get("error") or {}).get("message") or "it is not there"
            raise UsageError(f"the file {oid[:12]} of Git LFS can't be fetched from {url}: {str(why)[:200]}")
        yield oid, str(download["href"]), _headers(download)


def _headers(headers: Mapping[str, Any]) -> dict[str, str]:
    """Headers to send along; without those for the host, which may name an unlisted one, and the length."""
    named = {str(name): str(value) for name, value in (headers.get("header") or {}).items()}
    return {name: value for name, value in named.items() if name.lower() not in _OF_THE_CONNECTION}


async def _download(host: _Host, href: str, headers: Mapping[str, str], pointer: Pointer, at: Path) -> None:
    answer = await host.ask("GET", href, headers)
    digest, size = hashlib.sha256(), 0
    making = at.with_suffix(".making")
    try:
        if answer.status_code != 200:
            _failed(href.partition("?")[0], answer.status_code)
        with making.open("wb") as file:
            async for chunk in answer.aiter_bytes():
                size += len(chunk)
                if size > pointer.size:
                    break
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
    finally:
        await answer.aclose()
    if size != pointer.size or digest.hexdigest() != pointer.oid:
        await asyncio.to_thread(making.unlink)
        raise UsageError(f"the file {pointer.oid[:12]} of Git LFS is not what its pointer says it is")
    await asyncio.to_thread(making.replace, at)


async def _whole(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > _AT_ONCE * 64 * 1024:
            raise ValueError("it does not end")
    return bytes(body)


def _failed(url: str, status: int) -> None:
    message = f"{url} answered {status} to a request for files of Git LFS"
    raise (RepositoryUnavailable if status >= 500 or status == 429 else UsageError)(message)


def _is_http(url: str) -> bool:
    import httpx  # as above

    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return False
    return parts.scheme in {"http", "https"} and bool(parts.host) and (parts.port or 1) < 65536


def _same_host(url: str, other: str) -> bool:
    return git_access.origin(url) == git_access.origin(other)


def _place(content: Path, target: Path) -> None:
    """Replaces the pointer by a copy and keeps its mode. A link is replaced, not followed."""
    making = content.with_suffix(".making")
    making.write_bytes(b"")
    with content.open("rb") as source, making.open("wb") as copy:
        while chunk := source.read(1024 * 1024):
            copy.write(chunk)
    making.chmod(target.lstat().st_mode & 0o777)
    making.replace(target)


def _pointer(path: Path) -> Pointer | None:
    """The content of a pointer; None for other files. Links are not followed."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(opened, "rb") as file:
        match = _POINTER.fullmatch(file.read(_LONGEST))
    return Pointer(oid=match[1].decode(), size=int(match[2])) if match else None
