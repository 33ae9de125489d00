"""The files of a commit, read from git's objects in a bare repository that no step of a run can reach.

Steps may write all of their clone, also its `.git`. So before the first one begins, the commit's content is kept apart,
together with the clone's submodules and small Git LFS files.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sealane.clients import git, git_lfs, git_submodules
from sealane.clients.git_access import OPEN, Access
from sealane.configfiles import trees
from sealane.configfiles.trees import MAX_FILE, Unreadable
from sealane.errors import Unavailable, UsageError

_REF = "refs/heads/kept"
_LFS = "lfs"
_POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*oid sha256:([0-9a-f]{64})\n(?:.*\n)*")
_LINK = "120000"
_SUBMODULE = "160000"
_AHEAD = 8 * 1024 * 1024
"""Bytes of a folder's other files that are read together with the first one."""


async def keep(repository: str, commit: str, folder: Path, *, access: Access = OPEN) -> None:
    """Keeps the commit's objects in a bare repository. Key: the folder; one that already has the commit is left alone.

    Raises what `git.checkout` raises.
    """
    if await _has(folder, commit):
        return
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        await git.run("init", "--quiet", "--bare", str(making))
        async with git.speaking(access, repository) as environment:
            await git.fetch_commit(making, repository, commit, environment)
        await git.run("-C", str(making), "update-ref", _REF, commit)
        with suppress(OSError):  # somebody else made the same meanwhile
            await asyncio.to_thread(making.rename, folder)
    finally:
        await asyncio.to_thread(shutil.rmtree, making, ignore_errors=True)


async def keep_submodules(clone: Path, commit: str, folder: Path) -> None:
    """Keeps the clone's copies of the commit's submodules. Key: the folder; call it before any step begins."""
    for path, wanted in (await git_submodules.links(folder, commit)).items():
        source = clone / path
        if await git.head(source) == wanted:
            await git.run("-C", str(folder), *git.fetching(str(source)), "--depth=1", "--", str(source), wanted)
            await keep_submodules(source, wanted, folder)


async def keep_lfs(clone: Path, folder: Path) -> None:
    """Keeps the clone's Git LFS files up to the size limit. Key: the folder; call it before any step begins."""
    await asyncio.to_thread(_copy_small, clone / git_lfs.OBJECTS, folder / _LFS)


async def tree(folder: Path, commit: str, root: str = "", *, at: str = "") -> GitTree:
    """The files of a kept commit, as seen from a folder in it; `at` is the folder where they seem to be.

    Raises UsageError when the folder leads out of the repository or through a link.
    """
    entries = await _entries(folder, commit, "")
    try:
        inside = trees.parts(root) if root.strip("./") or ".." in root else []
    except Unreadable as error:
        raise UsageError(f"{root} leads out of the repository: {error.message}") from error
    for length in range(1, len(inside) + 1):
        if (entry := entries.get("/".join(inside[:length]))) and entry.mode == _LINK:
            raise UsageError(f"{root} leads through a symbolic link, which is not followed")
    prefix = "".join(f"{part}/" for part in inside)
    above = f"{at}/" if at else ""
    below = {above + path.removeprefix(prefix): entry for path, entry in entries.items() if path.startswith(prefix)}
    return GitTree(folder, below)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file, link or submodule of a commit."""

    mode: str
    object: str
    size: int


class GitTree:
    """The files of one commit, from git's objects. Fulfils `trees.Tree`."""

    def __init__(self, repository: Path, entries: Mapping[str, Entry]) -> None:
        self._repository = repository
        self._entries = entries
        self._contents: dict[str, bytes] = {}

    def files(self, folder: str) -> tuple[str, ...]:
        """Submodules that were not kept have no files."""
        path = "/".join(trees.parts(folder))
        self._refuse_links(path)
        prefix = f"{path}/"
        paths = [
            path
            for path, entry in self._entries.items()
            if path.startswith(prefix)
            and entry.mode != _SUBMODULE
            and not any(part.startswith(".") for part in path.removeprefix(prefix).split("/"))
        ]
        if len(paths) > trees.MAX_FILES:
            raise Unreadable(trees.too_many(folder))
        return tuple(sorted(paths))

    def read(self, path: str) -> bytes:
        """Reads small files of the same folder, too, because they are mostly requested next."""
        path = "/".join(trees.parts(path))
        entry = self._entries.get(path)
        if entry is None or entry.mode in {_LINK, _SUBMODULE}:
            raise self._unreadable(path)
        if entry.size > MAX_FILE:
            raise Unreadable(trees.too_large(entry.size, MAX_FILE))
        if entry.object not in self._contents:
            self._contents |= _blobs(self._repository, self._with(path, entry))
        return self._lfs(self._contents[entry.object])

    def _with(self, path: str, entry: Entry) -> list[str]:
        folder = path.rpartition("/")[0]
        objects, room = {entry.object: None}, _AHEAD
        for other, beside in self._entries.items():
            if other.rpartition("/")[0] == folder and beside.mode not in {_LINK, _SUBMODULE}:
                room -= beside.size
                if room < 0:
                    break
                objects[beside.object] = None
        return [*objects]

    def _lfs(self, content: bytes) -> bytes:
        """The file that a pointer stands for, if the clone had it; else the content itself."""
        match = _POINTER.fullmatch(content) if len(content) <= trees.LONGEST_POINTER else None
        if match is None:
            return content
        with suppress(FileNotFoundError):
            return (self._repository / _LFS / match[1].decode()).read_bytes()
        return content

    def _refuse_links(self, path: str) -> None:
        names = path.split("/")
        for length in range(1, len(names) + 1):
            above = self._entries.get("/".join(names[:length]))
            if above is not None and above.mode == _LINK:
                raise Unreadable(f"{'/'.join(names[:length])}: {trees.LINK}")

    def _unreadable(self, path: str) -> Unreadable:
        names = path.split("/")
        for length in range(1, len(names) + 1):
            above = self._entries.get("/".join(names[:length]))
            if above is not None and above.mode == _LINK:
                return Unreadable(trees.LINK)
            if above is not None and length < len(names):
                inside = above.mode == _SUBMODULE
                return Unreadable("it is in a submodule that is not fetched" if inside else "not a directory")
        if path in self._entries or any(other.startswith(f"{path}/") for other in self._entries):
            return Unreadable(trees.NOT_PLAIN)
        return trees.FileMissing()


async def _has(folder: Path, commit: str) -> bool:
    if not await asyncio.to_thread(folder.is_dir):
        return False
    try:
        await git.run("-C", str(folder), "cat-file", "-e", f"{commit}^{{tree}}")
    except UsageError:
        return False
    return True


async def _entries(folder: Path, commit: str, prefix: str) -> dict[str, Entry]:
    """By path from the top, including the content of kept submodules."""
    lines = await git.listed(folder, commit, sizes=True)
    entries = await asyncio.to_thread(lambda: dict(_parsed(lines, prefix)))
    for path, entry in [*entries.items()]:
        if entry.mode == _SUBMODULE and await _has(folder, entry.object):
            del entries[path]
            entries |= await _entries(folder, entry.object, f"{path}/")
    return entries


def _parsed(lines: Iterable[bytes], prefix: str) -> Iterable[tuple[str, Entry]]:
    for line in lines:
        how, _, path = line.partition(b"\t")
        mode, _, named, size = how.decode().split()
        at = prefix + path.decode(errors="surrogateescape")
        yield at, Entry(mode=mode, object=named, size=int(size) if size.isdigit() else 0)


def _blobs(repository: Path, objects: list[str]) -> dict[str, bytes]:
    """Contents by object. Raises Unavailable when git can't read a listed one."""
    command = git.command("-C", str(repository), "cat-file", "--batch")
    asked = "".join(f"{blob}\n" for blob in objects).encode()
    done = subprocess.run(command, input=asked, capture_output=True, env=git.quiet(), check=False)
    out, contents = done.stdout, {}
    for blob in objects:
        head, _, rest = out.partition(b"\n")
        words = head.split()
        if len(words) != 3 or words[1] != b"blob":
            raise Unavailable(f"git can't read {blob} in {repository}: {done.stderr.decode(errors='replace')[:200]}")
        size = int(words[2])
        contents[blob], out = rest[:size], rest[size + 1 :]
    return contents


def _copy_small(objects: Path, target: Path) -> None:
    for path in objects.glob("*/*/*"):
        if path.is_file() and path.stat().st_size <= MAX_FILE and not (target / path.name).exists():
            target.mkdir(exist_ok=True)
            making = target / f"{path.name}.making"
            shutil.copyfile(path, making)
            making.rename(target / path.name)
