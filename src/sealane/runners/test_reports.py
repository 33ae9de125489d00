"""The reports that a step left in its workspace: found by glob, and read as untrusted data.

A step's output can be as hostile as its commit: links are not followed, sizes and numbers are limited, and a note reports
what is missing or unreadable. Files older than the step are ignored: they come from an earlier try or another run.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from sealane import descriptors
from sealane.configfiles import globs
from sealane.configfiles.trees import FolderTree, Unreadable
from sealane.reports import junit, summary
from sealane.reports.model import Contents, Reading
from sealane.runners.logs import size
from sealane.runners.model import Workspace
from sealane.secrets.masking import Masker

MOST_BYTES = 16 * 1024 * 1024
"""Bytes of one file."""
ALL_BYTES = 64 * 1024 * 1024
"""Bytes of all files of one attempt together."""
MOST_FILES = 5_000
MOST_LOOKED_AT = 300_000
"""Most files and folders that are examined for one glob."""
_DEPTH = 64
_WILD = set("*?[{\\")
_ALLOWANCE = 1.0
"""Seconds by which a file may seem older than the step that wrote it, because file systems have coarse clocks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Match:
    path: str
    is_plain: bool
    written: float


class _TooMany(Exception):
    """The workspace has too many files to examine."""


async def read(
    workspace: Workspace, patterns: Iterable[str], *, since: datetime, secrets: Mapping[str, str]
) -> Reading:
    """The content of matching JUnit files that were written since then. Never raises because of what a step left."""
    if workspace.folder is None:
        notes_of_reading = ["reports are read only where the workspace is a folder"]
        return Reading(report=summary.count((), notes_of_reading, str), cases=())
    return await asyncio.to_thread(_found, workspace, tuple(patterns), since.timestamp(), secrets)


def _found(workspace: Workspace, patterns: tuple[str, ...], since: float, secrets: Mapping[str, str]) -> Reading:
    notes: list[str] = []
    wanted: dict[str, None] = {}
    for pattern in patterns:
        fresh, notes_of_reading = _fresh(workspace, pattern, since - _ALLOWANCE)
        wanted |= dict.fromkeys(fresh)
        notes += notes_of_reading
    tree = FolderTree(workspace.root, workspace.inside, largest=MOST_BYTES)
    contents = list(_read(tree, [*wanted], notes.append))
    mask = Masker(secrets).whole
    return Reading(report=summary.count(contents, notes, mask), cases=summary.results(contents, mask))


def _fresh(workspace: Workspace, pattern: str, since: float) -> tuple[list[str], list[str]]:
    """Paths of the matching files, in order, and notes about the pattern."""
    try:
        matches = sorted(_matches(workspace, pattern), key=lambda match: match.path)
    except _TooMany:
        return [], [f"{pattern}: the workspace holds too much to look through; begin the glob with a folder"]
    except OSError as error:
        return [], [f"{pattern}: the workspace can't be read: {(error.strerror or str(error)).lower()}"]
    plain = [match for match in matches if match.is_plain]
    fresh = [match.path for match in plain if match.written >= since]
    notes = [
        _many([match.path for match in plain if match.written < since], "from before this step, left out"),
        _many([match.path for match in matches if not match.is_plain], "a link or no plain file, left out"),
    ]
    notes_of_reading = [note for note in notes if note]
    return fresh, notes_of_reading or ([] if fresh else [f"no file matches {pattern}"])


def _many(paths: list[str], why: str) -> str:
    """One note for several files with the same problem; empty without files."""
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{_shown(paths[0])}{more}: {why}" if paths else ""


def _read(tree: FolderTree, paths: list[str], say: Callable[[str], None]) -> Iterator[tuple[str, Contents]]:
    room, passed = ALL_BYTES, junit.MOST_PASSED
    for number, path in enumerate(paths):
        if number == MOST_FILES or room <= 0:
            say(f"{len(paths) - number} files more are not read: at most {MOST_FILES}, and {size(ALL_BYTES)} together")
            return
        try:
            data = tree.read(path)
        except Unreadable as problem:
            say(f"{_shown(path)} can't be read: {problem.message}")
            continue
        room -= len(data)
        results = junit.parse(data, passed=passed)
        passed = max(0, passed - len(results.passed))
        yield _shown(path), results


def _matches(workspace: Workspace, pattern: str) -> Iterator[_Match]:
    """Everything below the folder that matches and is not a folder."""
    beginning, left = _plain_beginning(pattern), [MOST_LOOKED_AT]
    with ExitStack() as stack:
        root = stack.enter_context(descriptors.folder(workspace.root))
        folder = stack.enter_context(descriptors.reached(root, workspace.inside)).descriptor
        try:
            below = stack.enter_context(descriptors.reached(folder, beginning)).descriptor
        except OSError:
            return
        if stat.S_ISDIR(os.fstat(below).st_mode):
            yield from _below(below, beginning, pattern, left)


def _below(descriptor: int, above: list[str], pattern: str, left: list[int]) -> Iterator[_Match]:
    with os.scandir(descriptor) as entries:
        for entry in entries:
            left[0] -= 1
            if left[0] < 0:
                raise _TooMany
            path = "/".join([*above, entry.name])
            if not entry.is_dir(follow_symlinks=False):
                if globs.matches(pattern, path):
                    try:
                        about = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:  # another step took it away meanwhile
                        continue
                    yield _Match(path=path, is_plain=stat.S_ISREG(about.st_mode), written=about.st_mtime)
            elif entry.name != ".git" and len(above) < _DEPTH:
                below = _opened(entry.name, descriptor)
                if below >= 0:
                    try:
                        yield from _below(below, [*above, entry.name], pattern, left)
                    finally:
                        os.close(below)


def _opened(name: str, above: int) -> int:
    """The folder's descriptor; -1 if it is not a folder, is a link, or may not be read."""
    try:
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
    except OSError:
        return -1


def _plain_beginning(pattern: str) -> list[str]:
    """The leading folders that all matches share."""
    parts = pattern.split("/")[:-1]
    wild = next((index for index, part in enumerate(parts) if _WILD & set(part)), len(parts))
    return parts[:wild]


def _shown(path: str) -> str:
    """A path as text, even if it is not valid text."""
    return path.encode("utf-8", "replace").decode()
