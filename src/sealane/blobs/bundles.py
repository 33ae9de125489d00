"""Bundles that people upload, a file each, named by the SHA-256 of its content. What was cut off goes on where it ended."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sealane.errors import Conflicting, NotThere, TooLarge, Unavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 512 * 1024 * 1024
"""Bytes of a bundle: more is not taken by Elastic Beanstalk."""
MOST_OF_APP = 4 * MOST
"""Bytes of all bundles of an app that are kept at a time."""
MOST_FILES = 100
"""Bundles of an app that are kept at a time, with those of which a part is there."""
KEPT = 24 * 3600.0
"""Seconds after its last change for which a bundle is kept; what was deployed lies in a bucket by then."""
_SPARE = 1024**3
"""Bytes of the disk that are left free for everything else."""
_AT_ONCE = 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")
_APP = re.compile(r"[a-z0-9-]{1,100}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """How much of a bundle is there."""

    sha256: str
    received: int
    """Bytes; where to go on."""
    complete: bool


class Bundles:
    """The bundles below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def upload(self, app: str, sha256: str) -> Upload:
        """How much is there. Raises NotThere when nothing is."""
        with suppress(FileNotFoundError):
            return Upload(sha256=sha256, received=self._path(app, sha256).stat().st_size, complete=True)
        with suppress(FileNotFoundError):
            return Upload(sha256=sha256, received=self._part(app, sha256).stat().st_size, complete=False)
        raise NotThere(f"{app} has no bundle {sha256[:12]}")

    def path(self, app: str, sha256: str) -> Path:
        """The whole bundle. Raises NotThere, Conflicting while a part is lacking."""
        upload = self.upload(app, sha256)
        if not upload.complete:
            hint = f"send the rest, from byte {upload.received} on"
            raise Conflicting(f"only {upload.received} bytes of bundle {sha256[:12]} are there", hint=hint)
        return self._path(app, sha256)

    async def receive(
        self, app: str, sha256: str, chunks: AsyncIterator[bytes], *, start: int, total: int | None
    ) -> Upload:
        """Takes the bytes from `start` on, and keeps those that came if it breaks off. With the last one it is checked.

        `total` is the size of the whole, if the sender says so; else it ends with the chunks. Raises TooLarge, Conflicting
        when it is sent by somebody else now or goes on elsewhere, UsageError for another content, Unavailable without room.
        """
        with suppress(NotThere):
            if (there := self.upload(app, sha256)).complete:
                return there
        await asyncio.to_thread(self._make_room, app, sha256, total or 0)
        with _locked(self._part(app, sha256)) as file:
            there_now = os.fstat(file.fileno()).st_size
            if start > there_now or (start and start != there_now):
                raise Conflicting(f"{there_now} bytes are there, not {start}", hint=f"go on at byte {there_now}")
            file.truncate(start)
            file.seek(start)
            room = partial(self._check_room, app, sha256, more=_AT_ONCE)
            await _written(file, chunks, most=min(MOST, total or MOST), room=room)
            received = file.tell()
            if total is not None and received < total:
                return Upload(sha256=sha256, received=received, complete=False)
            await _to_its_end(partial(self._finish, file, app, sha256))
            return Upload(sha256=sha256, received=received, complete=True)

    def _finish(self, file: BinaryIO, app: str, sha256: str) -> None:
        os.fsync(file.fileno())
        part = self._part(app, sha256)
        if _sum(part) != sha256:
            part.unlink(missing_ok=True)
            message = "the content does not have the SHA-256 that its address says"
            raise UsageError(message, hint="send it again, from its beginning")
        part.rename(self._path(app, sha256))

    def _make_room(self, app: str, sha256: str, total: int) -> None:
        """Removes what is old, and refuses what the app or the disk has no room for."""
        folder = self._folder / _named(_APP, app)
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - KEPT:
                    path.unlink()
        self._check_room(app, sha256, total, more=max(total, _AT_ONCE))

    def _check_room(self, app: str, sha256: str, size: int, *, more: int) -> None:
        """Whether the bundle may have that size beside the app's others, and `more` may be written. Others are written, too."""
        folder = self._folder / _named(_APP, app)
        sizes = []
        for path in folder.iterdir():
            with suppress(FileNotFoundError):
                sizes.extend([path.stat().st_size] if path.stem != sha256 else [])
        hint = f"they are kept for {KEPT / 3600:g} hours"
        if sum(sizes) + size > MOST_OF_APP:
            raise TooLarge(f"{app} has {sum(sizes)} bytes of bundles here, of {MOST_OF_APP} at most", hint=hint)
        if len(sizes) >= MOST_FILES:
            raise TooLarge(f"{app} has {len(sizes)} bundles here, of {MOST_FILES} at most", hint=hint)
        if shutil.disk_usage(folder).free < more + _SPARE:
            raise Unavailable("the server's disk has no room for a bundle", hint="its operators make some")

    def _path(self, app: str, sha256: str) -> Path:
        return self._folder / _named(_APP, app) / f"{_named(_DIGEST, sha256)}.zip"

    def _part(self, app: str, sha256: str) -> Path:
        return self._path(app, sha256).with_suffix(".part")


def _named(pattern: re.Pattern[str], name: str) -> str:
    if not pattern.fullmatch(name):
        raise NotThere("there is no such bundle", hint="a bundle is named by its SHA-256, in small letters")
    return name


@contextmanager
def _locked(part: Path) -> Iterator[BinaryIO]:
    """The file, for one writer at a time in all processes. Raises Conflicting."""
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            same = os.fstat(file.fileno()).st_ino == part.stat().st_ino
        except (BlockingIOError, FileNotFoundError):
            same = False
        if not same:
            raise Conflicting("this bundle is being sent by somebody else", hint="ask how much of it is there")
        yield file


async def _written(file: BinaryIO, chunks: AsyncIterator[bytes], *, most: int, room: Callable[[int], None]) -> None:
    """Writes them; `room` is asked before each write, with the size after it."""
    waiting = bytearray()
    ahead = file.tell()
    try:
        async for chunk in chunks:
            ahead += len(chunk)
            if ahead > most:
                raise TooLarge("the bundle is larger than it may be or was said to be", hint=f"at most {most} bytes")
            waiting += chunk
            if len(waiting) >= _AT_ONCE:
                block = bytes(waiting)
                waiting.clear()
                await _to_its_end(partial(_write, file, block, room, ahead))
    finally:
        if waiting:
            file.write(waiting)


def _write(file: BinaryIO, block: bytes, room: Callable[[int], None], size: int) -> None:
    room(size)
    file.write(block)


async def _to_its_end(work: Callable[[], None]) -> None:
    """Does it in a thread, and waits for it also when cancelled: the file stays open and locked until then."""
    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.gather(working, return_exceptions=True)
        raise


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
