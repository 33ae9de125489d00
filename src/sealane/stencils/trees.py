"""Trees: the files of a repository as a pushed commit has them, read without trusting any of it.

The port is `Tree`; `FolderTree` reads a folder of this machine. A server that reads commits without checking them out
fills the same port. Paths are relative to where the app lives in its repository, with `/` between their parts.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Protocol

from sealane.errors import UsageError

MAX_FILE = 1024 * 1024
MAX_FILES = 20_000


class Unreadable(UsageError):
    """A file of the repository is not there, or is not one that Sealane reads; the message is the reason alone."""


class Tree(Protocol):
    """The files of one commit, or of a working tree.

    Both calls may be made in any order and any number of times. Symbolic links are never followed: they are listed, so
    that they can be refused by name, and can't be read.
    """

    def files(self, folder: str) -> tuple[str, ...]:
        """Paths of all files below the folder, sorted, without hidden ones; none when there is no such folder."""
        ...

    def read(self, path: str) -> bytes:
        """The file's content. Raises `Unreadable` with the reason, for one larger than `MAX_FILE` too."""
        ...


class FolderTree:
    """A folder of this machine. Safe also while a stranger's program changes what is in it.

    Files of more than `largest` bytes are refused.
    """

    def __init__(self, root: Path, *, largest: int = MAX_FILE) -> None:
        self.root = root
        self._largest = largest

    def files(self, folder: str) -> tuple[str, ...]:
        parts(folder)
        found: list[str] = []
        for where, folders, names in os.walk(self.root / folder, followlinks=False):
            links = [name for name in folders if (Path(where) / name).is_symlink()]
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in links)
            inside = Path(where).relative_to(self.root)
            found.extend((inside / name).as_posix() for name in (*names, *links) if not name.startswith("."))
            if len(found) > MAX_FILES:
                raise Unreadable(f"{folder} holds more than {MAX_FILES} files")
        return tuple(sorted(found))

    def read(self, path: str) -> bytes:
        """Opens part by part, so that no link, nor one put there meanwhile, leads out of the folder."""
        *folders, name = parts(path)
        opened = [os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)]
        try:
            for folder in folders:
                opened.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=opened[-1]))
            opened.append(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=opened[-1]))
            return _content(opened[-1], self._largest)
        except FileNotFoundError as error:
            raise Unreadable("there is no such file") from error
        except OSError as error:
            raise Unreadable(self._reason(path, error)) from error
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def _reason(self, path: str, error: OSError) -> str:
        below = self.root
        for part in parts(path):
            below /= part
            if below.is_symlink():
                return "a symbolic link is not followed"
        return (error.strerror or str(error)).lower()


class StoredTree:
    """Files held in memory, by path: for commits read from elsewhere, and for tests."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.contents = contents

    def files(self, folder: str) -> tuple[str, ...]:
        prefix = "/".join(parts(folder)) + "/"
        return tuple(sorted(path for path in self.contents if path.startswith(prefix)))

    def read(self, path: str) -> bytes:
        found = self.contents.get("/".join(parts(path)))
        if found is None:
            raise Unreadable("there is no such file")
        return found


def parts(path: str) -> list[str]:
    """The parts of a path inside the repository. Raises `Unreadable` for one that may lead out of it."""
    if path.startswith("/"):
        raise Unreadable("the path starts at the machine's root; it must start at the repository's")
    split = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in split:
        raise Unreadable("the path leads upwards; .. is refused")
    if not split or "\0" in path or "\\" in path:
        raise Unreadable("that is no path of a file")
    return split


def _content(descriptor: int, largest: int) -> bytes:
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        raise Unreadable("it is not a plain file")
    if about.st_size > largest:
        raise Unreadable(f"it has {about.st_size} bytes; at most {largest} are read")
    with os.fdopen(os.dup(descriptor), "rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise Unreadable(f"it has more than {largest} bytes")
    return content
