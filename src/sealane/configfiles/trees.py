"""Trees: the files of a repository in a pushed commit, read without trusting any of it.

The port is `Tree`; `FolderTree` reads a folder of this machine, for the command line. A server reads git's objects, see
`clients/git_tree.py`, because steps may change all other copies of a commit. Paths are relative to the app's folder in
its repository, with `/` between their parts.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Protocol

from sealane import descriptors
from sealane.errors import UsageError

MAX_FILE = 1024 * 1024
MAX_FILES = 20_000

LONGEST_POINTER = 1024
"""Most bytes of a Git LFS pointer file."""

LINK = "a symbolic link is not followed"
NOT_PLAIN = "it is not a plain file"


class Unreadable(UsageError):
    """A file of the repository is missing, or Sealane does not read it; the message is the reason alone."""


class FileMissing(Unreadable):
    """The file does not exist."""

    def __init__(self) -> None:
        super().__init__("there is no such file")


class Tree(Protocol):
    """The files of one commit, or of a working tree.

    Both calls may be made in any order and any number of times. Symbolic links are never followed: they are listed, so
    that they can be refused by name, but can't be read.
    """

    def files(self, folder: str) -> tuple[str, ...]:
        """Paths of all files below the folder, sorted, without hidden ones; empty if the folder does not exist."""
        ...

    def read(self, path: str) -> bytes:
        """The file's content. Raises `Unreadable` with the reason, also for one larger than `MAX_FILE`."""
        ...


class FolderTree:
    """A folder of this machine, or one `inside` of it. Safe even while an untrusted program changes its content.

    Nobody else may change the path to `root`. Files of more than `largest` bytes are refused.
    """

    def __init__(self, root: Path, inside: str = "", *, largest: int = MAX_FILE) -> None:
        self.root = root
        self._inside = inside
        self._largest = largest

    def files(self, folder: str) -> tuple[str, ...]:
        path = parts(folder)
        paths: list[str] = []
        with self._opened(path) as opened:
            if opened is None or not stat.S_ISDIR(os.fstat(opened).st_mode):
                return ()
            for where, folders, names, here in os.fwalk(".", dir_fd=opened):
                links = [name for name in folders if _is_link(name, here)]
                folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in links)
                above = PurePosixPath(*path, where)
                paths.extend((above / name).as_posix() for name in (*names, *links) if not name.startswith("."))
                if len(paths) > MAX_FILES:
                    raise Unreadable(too_many(folder))
        return tuple(sorted(paths))

    def read(self, path: str) -> bytes:
        try:
            with descriptors.folder(self.root) as root, descriptors.reached(root, self._inside, parts(path)) as opened:
                return _content(opened.descriptor, self._largest)
        except FileNotFoundError as error:
            raise FileMissing from error
        except descriptors.Linked as error:
            raise Unreadable(LINK) from error
        except descriptors.NotPlain as error:
            raise Unreadable(NOT_PLAIN) from error
        except OSError as error:
            raise Unreadable((error.strerror or str(error)).lower()) from error

    @contextmanager
    def _opened(self, path: list[str]) -> Iterator[int | None]:
        """The folder, None if it does not exist. Raises `Unreadable` with the link in its path."""
        with ExitStack() as stack:
            try:
                root = stack.enter_context(descriptors.folder(self.root))
                opened = stack.enter_context(descriptors.reached(root, self._inside, path))
            except descriptors.Linked as error:
                above = "/".join(path[: path.index(error.filename) + 1]) if error.filename in path else self._inside
                raise Unreadable(f"{above}: {LINK}") from error
            except (FileNotFoundError, NotADirectoryError, descriptors.NotPlain):
                yield None
            else:
                yield opened.descriptor


class StoredTree:
    """Files held in memory, by path: for commits read from elsewhere, and for tests."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.contents = contents

    def files(self, folder: str) -> tuple[str, ...]:
        prefix = "/".join(parts(folder)) + "/"
        return tuple(sorted(path for path in self.contents if path.startswith(prefix)))

    def read(self, path: str) -> bytes:
        content = self.contents.get("/".join(parts(path)))
        if content is None:
            raise FileMissing
        return content


def has(tree: Tree, path: str) -> bool:
    """Whether something is there, readable or not."""
    try:
        tree.read(path)
    except FileMissing:
        return False
    except Unreadable:
        return True
    return True


def beside(tree: Tree, path: str) -> tuple[str, ...]:
    """The files of a file's folder; none where it has no folder or that can't be read."""
    above = path.rpartition("/")[0]
    try:
        return tree.files(above) if above else ()
    except Unreadable:
        return ()


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


def too_many(folder: str) -> str:
    """Why a folder is not listed."""
    return f"{folder} holds more than {MAX_FILES} files"


def too_large(size: int, largest: int) -> str:
    """Why a file is not read."""
    return f"it has {size} bytes; at most {largest} are read"


def _is_link(name: str, above: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _content(descriptor: int, largest: int) -> bytes:
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        raise Unreadable(NOT_PLAIN)
    if about.st_size > largest:
        raise Unreadable(too_large(about.st_size, largest))
    with os.fdopen(os.dup(descriptor), "rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise Unreadable(f"it has more than {largest} bytes")
    return content
