"""The server's data folder: usable, and readable only by its owner.

It holds keys, the database, logs and repositories. The server's umask makes new files private; at the start, the server also
makes private what an earlier version or a copy left readable. Clones in `workspaces` keep the modes that git gives their
files, because these go into images; the folder around them is private.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sealane.errors import Unavailable

UMASK = 0o077

_log = logging.getLogger(__name__)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_FILES = ("lock", "key", "names.key", "sealane.db", "sealane-flows.db")
_BESIDE = tuple(f"{name}-{more}" for name in _FILES[-2:] for more in ("wal", "shm"))
_FOLDERS = ("repositories", "charts", "logs", "workspaces", "identities", "dummies")
_GIVEN = ("config", "lost+found")
"""What operators and file systems put there."""
_HINT = "name another with --data or SEALANE_DATA, or fix it"

_LEAST_FREE = 16 * 1024**2
"""Bytes of free space below which a disk counts as full: write-ahead logs grow by as much between two clean-ups."""
_TRIAL = bytes(64 * 1024)


def prepare(folder: Path) -> None:
    """Creates the folder, or makes an existing one private. Raises Unavailable when it can't be used."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _check(folder)
        trial = folder / ".trial"
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise _unusable(folder, error.strerror or type(error).__name__) from error
    _make_private(folder)


def trouble(folder: Path) -> str | None:
    """Why nothing can be written there now, without the folder's name; tests it by writing an unnamed file."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as trial:
            trial.write(_TRIAL)
        full = shutil.disk_usage(folder).free < _LEAST_FREE
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        if not full:
            return "the data folder can't be written"
    return "the data folder's disk is full" if full else None


def _check(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    if names and not names & {*_FILES, *_FOLDERS, *_GIVEN}:
        raise _unusable(folder, f"it holds other things, such as {min(names)}, and nothing of Sealane's")
    for name in _FILES:
        if (folder / name).exists() and not (folder / name).is_file():
            raise _unusable(folder / name, "it is no file")
    for name in _FOLDERS:
        if (folder / name).exists() and not (folder / name).is_dir():
            raise _unusable(folder / name, "it is no folder")
    if (folder / "key").exists() and len((folder / "key").read_text(errors="replace").strip()) < 32:
        raise _unusable(folder / "key", "it holds no key")


def _unusable(path: Path, reason: str) -> Unavailable:
    return Unavailable(f"the data folder can't be used: {path}: {reason}", hint=_HINT)


def _make_private(folder: Path) -> None:
    others = []
    for path, mode in _open_to_others(folder):
        try:
            path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
        except OSError as error:
            others.append(f"{path}: {error.strerror}")
    if others:
        more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
        _log.warning("others may read what is in the data folder, and that can't be changed: %s%s", others[0], more)


def _open_to_others(folder: Path) -> Iterator[tuple[Path, int]]:
    """Files and folders that others may use; links are not followed, and clones are left as git made them."""
    clones = folder / "workspaces"
    ours = [folder / name for name in (*_FILES, *_BESIDE, *_FOLDERS) if (folder / name).exists()]
    if folder.stat().st_mode & _OTHERS:
        yield folder, folder.stat().st_mode
    waiting = ours
    while waiting:
        path = waiting.pop()
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & _OTHERS:
            yield path, mode
        if stat.S_ISDIR(mode) and path != clones:
            with os.scandir(path) as entries:
                waiting += [Path(entry.path) for entry in entries]


def lock(folder: Path) -> IO[str]:
    """Locks the folder. SQLite serves one process: its holder knows that every other worker is gone. Raises Unavailable."""
    lock = (folder / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        hint = "end it first, or use PostgreSQL for several: SEALANE_DATABASE"
        raise Unavailable(f"another Sealane serves from {folder}", hint=hint) from error
    return lock


def key(folder: Path) -> str:
    """The server's key, made at the first start and readable only by its owner."""
    path = folder / "key"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text().strip()
