"""The simulated destination's state: in memory, or in a file that another process can read after a kill.

A write is atomic: the file is replaced as a whole, under a lock shared by processes. Only its owner may read it, because
it holds the values of secrets, like a real destination.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from sealane import typed_data


class SetBy(msgspec.Struct, frozen=True, kw_only=True):
    """Who else set a field, and when."""

    manager: str
    at: datetime


class Stored(msgspec.Struct, kw_only=True):
    """One object. `since` is when its instances were last replaced; `older` says that there were some before."""

    manifest: dict[str, Any]
    uid: str
    generation: int = 1
    version: int
    since: datetime
    older: bool = False
    set_by: dict[str, SetBy] = {}
    """By path, as in differences, since Sealane's last write of the object."""


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One line in the journal of all writes: `verb` is create, change or delete."""

    verb: str
    object: str
    generation: int


class KeptLedger(msgspec.Struct, kw_only=True):
    """A formation's ledger, as text."""

    content: str
    version: int


class Content(msgspec.Struct, kw_only=True):
    """The complete state."""

    objects: dict[str, Stored] = {}
    ledgers: dict[str, KeptLedger] = {}
    before: dict[str, bytes] = {}
    """Objects' states before adoption, by uid, if their annotations can't hold them."""
    journal: list[Write] = []
    tries: dict[str, int] = {}
    """The number of attempts to write each object."""
    counter: int = 0
    """The last version or uid given."""

    def next(self) -> int:
        """A new number."""
        self.counter += 1
        return self.counter


class State:
    """Holds the state; in the file if one is given."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._memory = msgspec.json.encode(Content())
        self._looked: tuple[object, Content] | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)

    def read(self) -> Content:
        """A copy of the current state."""
        return typed_data.from_json(self._load(), Content)

    def look(self) -> Content:
        """The current state, to be changed by nobody; it is read anew only when it was written meanwhile."""
        mark = self._mark()
        if self._looked is None or self._looked[0] != mark:
            self._looked = (mark, self.read())
        return self._looked[1]

    @contextmanager
    def write(self) -> Iterator[Content]:
        """The state, to be changed; saved when the block ends without an error, all of it or nothing."""
        with self._lock, self._between_processes():
            content = self.read()
            yield content
            self._keep(msgspec.json.encode(content))

    def _mark(self) -> object:
        """What is another after each write: a written file is another file."""
        if self._path is None:
            return self._memory
        try:
            file = self._path.stat()
        except FileNotFoundError:
            return None
        return (file.st_ino, file.st_mtime_ns, file.st_size)

    def _load(self) -> bytes:
        if self._path is None:
            return self._memory
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return msgspec.json.encode(Content())

    def _keep(self, raw: bytes) -> None:
        if self._path is None:
            self._memory = raw
            return
        new = self._path.with_suffix(f".{os.getpid()}.new")
        new.touch(mode=0o600)
        new.write_bytes(raw)
        now = time.time_ns()
        os.utime(new, ns=(now, now))  # a kernel's own times are 4 ms apart, and two writes may not be
        new.replace(self._path)

    @contextmanager
    def _between_processes(self) -> Iterator[None]:
        if self._path is None:
            yield
            return
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
