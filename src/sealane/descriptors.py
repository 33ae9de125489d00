"""Opens files and folders below an open folder, one part of the path at a time, by descriptors.

An untrusted program may swap files, folders and links at any moment, even while they are checked. What is opened here is
still below the folder: the system never follows a link in the path, and only plain files and folders are opened, no pipes
or devices.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SWAPPED = {errno.ELOOP, errno.ENOTDIR, errno.EINVAL}
_MOST_LINKS = 40
"""Links that one path may have, as in the system itself (path_resolution(7))."""


class Linked(OSError):
    """A part of the path is a link, and links may not be followed."""


class LeadsOut(OSError):
    """The path leads out of the folder."""


class NotPlain(OSError):
    """Neither a plain file nor a folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """An open file or folder, and its path below the starting folder, without links."""

    descriptor: int
    path: tuple[str, ...]


@contextmanager
def folder(path: Path) -> Iterator[int]:
    """The descriptor of a folder whose path nobody else can change. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read(path: Path, inside: str, *, most: int) -> bytes:
    """A plain file at a path inside a folder that an untrusted program could write to.

    Raises FileNotFoundError; and other OSError, such as `Linked` and `NotPlain`, also when it has more than `most` bytes.
    """
    with folder(path) as top, reached(top, inside) as opened:
        about = os.fstat(opened.descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > most:
            raise NotPlain(errno.EINVAL, f"it is no plain file of at most {most} bytes", inside)
        with os.fdopen(os.dup(opened.descriptor), "rb") as file:
            return file.read(most)


def write(path: Path, name: str, content: bytes) -> None:
    """Writes a file right in a folder that an untrusted program could write to. A link of that name is replaced. Raises OSError."""
    with folder(path) as top:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=top)
        descriptor = os.open(name, _WRITE, 0o600, dir_fd=top)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


@contextmanager
def reached(top: int, *paths: str | Sequence[str], links: bool = False) -> Iterator[Opened]:
    """Opens the paths, one after the other, from an open folder.

    With `links`, follows links part by part, as long as they stay below the folder. Raises OSError, including `Linked`,
    `LeadsOut` and `NotPlain`.
    """
    parts = [part for path in paths for part in (path.split("/") if isinstance(path, str) else path)]
    way = _Way(top, links=links)
    try:
        way.go(parts)
        yield Opened(descriptor=way.here, path=tuple(way.names))
    finally:
        way.close()


class _Way:
    """The folders of the path so far, each kept open, so that `..` is the folder before."""

    def __init__(self, top: int, *, links: bool) -> None:
        self._top = top
        self._links = links
        self._tries = _MOST_LINKS
        self._opened: list[int] = []
        self.names: list[str] = []

    @property
    def here(self) -> int:
        return self._opened[-1] if self._opened else self._top

    def go(self, parts: Sequence[str]) -> None:
        for part in parts:
            if part in {"", "."}:
                continue
            if part == "..":
                if not self._opened:
                    raise LeadsOut(errno.EXDEV, "it leads out of the folder", part)
                os.close(self._opened.pop())
                self.names.pop()
                continue
            target = self._step(part)
            if target is not None:
                if target.startswith("/"):
                    raise LeadsOut(errno.EXDEV, "it leads out of the folder", part)
                self.go(target.split("/"))

    def _step(self, name: str) -> str | None:
        """Enters a folder or opens a file; for a link, returns its target."""
        while True:
            about = os.stat(name, dir_fd=self.here, follow_symlinks=False)
            try:
                if stat.S_ISLNK(about.st_mode):
                    if not self._links:
                        raise Linked(errno.ELOOP, "it is a symbolic link", name)
                    self._again(name)
                    return os.readlink(name, dir_fd=self.here)
                if not stat.S_ISREG(about.st_mode) and not stat.S_ISDIR(about.st_mode):
                    raise NotPlain(errno.EINVAL, "it is no plain file", name)
                as_folder = os.O_DIRECTORY if stat.S_ISDIR(about.st_mode) else 0
                self._opened.append(os.open(name, _READ | as_folder, dir_fd=self.here))
            except (Linked, LeadsOut, NotPlain):
                raise
            except OSError as error:
                if error.errno not in _SWAPPED:
                    raise
                self._again(name)  # it was swapped after the check
            else:
                self.names.append(name)
                return None

    def _again(self, name: str) -> None:
        self._tries -= 1
        if self._tries < 0:
            raise LeadsOut(errno.ELOOP, "too many links, or it is exchanged all the time", name)

    def close(self) -> None:
        for descriptor in self._opened:
            os.close(descriptor)
