"""Bare git repositories served over HTTP by git's own `http-backend` (git-http-backend(1)), one for each app.

Pushed content is hostile: objects are checked (fsck), packs are limited in size, hooks and submodules are never run or
fetched, and only git's smart protocol is served.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs

from sealane.clients import git, programs
from sealane.errors import NotThere, Refused, Unavailable
from sealane.events.sources.pushes import Tip

T = TypeVar("T")

_SERVICES = ("git-upload-pack", "git-receive-pack")
"""Services of the smart protocol, each also a path (gitprotocol-http(5))."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PRIVATE = 0o077
_HEAD_LIMIT = 16 * 1024
_CHUNK = 64 * 1024
_AHEAD = 1024 * 1024
"""Most bytes of git's answer while the request is still being sent to it."""
_FINISHING = 2.0
"""Seconds that git has after its answer, and to remove what it has taken of a push that broke off."""
_CONFIGURATION = {
    "http.receivepack": "true",
    "http.uploadpack": "true",
    "core.hooksPath": os.devnull,
    "receive.fsckObjects": "true",
    "receive.autogc": "false",
    "receive.denyDeleteCurrent": "refuse",
    "uploadpack.allowAnySHA1InWant": "true",
}

_REFERENCES = ("refs", "!refs/heads", "!refs/tags")
"""Hidden references, which can't be pushed, and the exceptions: notes and replacements of objects would be a second way
to define a commit's content (gitnamespaces(7), git-config(1) on transfer.hideRefs)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request of git's client: method, path below the repository, query and the headers that git knows."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    user: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Git's answer: status, headers and the body as it comes, which `end` stops wherever it is."""

    status: int
    headers: Mapping[str, str]
    body: AsyncGenerator[bytes, None]
    end: Callable[[], Awaitable[None]]


class Repositories:
    """The bare repositories below one folder."""

    def __init__(self, folder: Path, *, most_bytes: int = 512 * 1024 * 1024, patience: float = 300.0) -> None:
        """`most_bytes` limits one pushed pack, `patience` the seconds of one request."""
        self.folder = folder
        self.most_bytes = most_bytes
        self.patience = patience

    def path(self, app: str) -> Path:
        """The path of the app's repository. Raises NotThere for an invalid app name."""
        if not _NAME.fullmatch(app):
            raise NotThere(f"there is no repository {app}")
        return self.folder / f"{app}.git"

    async def create(self, app: str, *, trunk: str = "main") -> Path:
        """Creates the app's repository, or updates its settings. Key: the app's name."""
        path = self.path(app)
        await git.run("init", "--quiet", "--bare", f"--initial-branch={trunk}", str(path), umask=_PRIVATE)
        await git.run("-C", str(path), "symbolic-ref", "HEAD", f"refs/heads/{trunk}", umask=_PRIVATE)
        settings = {**_CONFIGURATION, "receive.maxInputSize": str(self.most_bytes)}
        for key, value in settings.items():
            await git.run("-C", str(path), "config", key, value, umask=_PRIVATE)
        return path

    async def put_aside(self, app: str, word: str) -> Path | None:
        """Moves the repository of a removed app away from the next app of its name, and returns its new path.

        One without references belongs to nobody: its app is still being registered, or never was.
        """
        path = self.path(app)
        if not path.exists() or not await self.refs(app):
            return None
        return await asyncio.to_thread(path.rename, path.with_name(f"{path.name}.{word}"))

    async def refs(self, app: str) -> dict[str, str]:
        """All branches and tags with their commits."""
        form = "%(refname) %(objectname) %(*objectname)"
        listed = await git.run("-C", str(self.path(app)), "for-each-ref", f"--format={form}", "refs/heads", "refs/tags")
        lines = (line.split() for line in listed.decode(errors="replace").splitlines())
        return {parts[0]: parts[-1] for parts in lines}

    async def tips(self, app: str, before: Mapping[str, str]) -> dict[str, Tip]:
        """The tips of all branches and tags that have moved; of the others only the commit."""
        return {
            ref: Tip(commit=commit) if before.get(ref) == commit else await self._tip(app, commit)
            for ref, commit in (await self.refs(app)).items()
        }

    async def _tip(self, app: str, commit: str) -> Tip:
        output = await git.run("-C", str(self.path(app)), "log", "-1", "--format=%an%x00%s", commit)
        author, _, message = output.decode(errors="replace").strip().partition("\0")
        return Tip(commit=commit, author=author, message=message)

    async def serve(self, app: str, request: Request, body: AsyncIterator[bytes]) -> Answer:
        """Answers one request of git's client, after its whole body was read.

        Whoever sends the answer may listen for the client's disconnect, and would mistake the rest of the body for it.
        The answer's body must be read to its end, or the answer ended. Raises NotThere, Refused for the dumb protocol,
        Unavailable when git fails.
        """
        path = self.path(app)
        if not path.is_dir():
            raise NotThere(f"there is no repository {app}", hint=f"register it: sealane app add {app}")
        if not _is_smart(request):
            raise Refused("only git's smart protocol is served", hint="use git 1.6.6 or newer")
        process = await asyncio.create_subprocess_exec(
            *git.command("http-backend"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=self._environment(path, request),
            limit=_AHEAD,
            start_new_session=True,
        )
        exchange = _Exchange(process, body, self.patience)
        try:
            status, headers = await exchange.head()
            await exchange.fed()
        except BaseException:
            await exchange.end()
            raise
        return Answer(status=status, headers=headers, body=exchange.rest(), end=exchange.end)

    def _environment(self, path: Path, request: Request) -> dict[str, str]:
        given = {
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.query,
            "PATH_INFO": f"/{path.name}/{request.path}",
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": request.headers.get("content-length", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_USER": request.user,
        }
        hidden = [("transfer.hideRefs", reference) for reference in _REFERENCES]
        root = {"GIT_PROJECT_ROOT": str(self.folder.resolve()), "GIT_HTTP_EXPORT_ALL": "1"}
        fixed = {**root, **git.quiet(repeated=hidden)}
        return {**fixed, **{name: value for name, value in given.items() if value}}


def _is_smart(request: Request) -> bool:
    """Whether it is one of the smart protocol: else git sends a repository's files, one by one."""
    if request.path != "info/refs":
        return request.path in _SERVICES
    return parse_qs(request.query).get("service") in [[service] for service in _SERVICES]


class _Exchange:
    """One CGI process: the request's body goes in while the answer comes out."""

    def __init__(self, process: asyncio.subprocess.Process, body: AsyncIterator[bytes], patience: float) -> None:
        self.process = process
        self.deadline = asyncio.get_running_loop().time() + patience
        self.feeding = asyncio.create_task(self._feed(body))
        self.ending: asyncio.Task[None] | None = None

    async def _feed(self, body: AsyncIterator[bytes]) -> None:
        """Sends the whole body, and reads on if git refused early: git's client reads no answer before it is done."""
        stdin = self.process.stdin
        if stdin is None:
            return
        try:
            async for chunk in body:
                with suppress(BrokenPipeError, ConnectionResetError):
                    stdin.write(chunk)
                    await stdin.drain()
        finally:
            stdin.close()

    async def fed(self) -> None:
        """Waits until the request's body was read. Raises what reading it raised, Unavailable when it takes too long."""
        await self._within(self.feeding)

    async def head(self) -> tuple[int, dict[str, str]]:
        """The CGI answer's status and headers."""
        stdout = self.process.stdout
        headers: dict[str, str] = {}
        while stdout is not None:
            line = (await self._within(stdout.readline())).decode("latin-1").strip()
            if not line:
                break
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
            if sum(map(len, headers)) > _HEAD_LIMIT:
                break
        if "content-type" not in headers and "status" not in headers:
            await self.fed()  # why the request is not whole, if it isn't
            raise Unavailable("git could not serve the repository")
        return int(headers.pop("status", "200").split()[0]), headers

    async def rest(self) -> AsyncGenerator[bytes, None]:
        """The answer's body."""
        try:
            stdout = self.process.stdout
            while stdout is not None and (chunk := await self._within(stdout.read(_CHUNK))):
                yield chunk
        finally:
            await self.end()

    async def _within(self, reading: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout_at(self.deadline):
                return await reading
        except TimeoutError as error:
            raise Unavailable("git took too long to serve the repository") from error

    async def end(self) -> None:
        """Ends the process, wherever its answer is, and goes on with it if this task is cancelled."""
        if self.ending is None:
            self.ending = asyncio.create_task(programs.end(self.process, [self.feeding], grace=_FINISHING))
        await asyncio.shield(self.ending)
