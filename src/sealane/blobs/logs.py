"""Logs of steps, one file each. A log stays whole when a resumed step writes it again from its beginning.

When a restarted worker attaches to a container, it gets the same output again, byte for byte, from the start. So a writer
begins at offset 0 and overwrites what is there, and readers never see the log shrink.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, Self

from sealane import controls
from sealane.errors import NotThere

MOST = 256 * 1024 * 1024
"""Bytes kept of one log; the rest is dropped, and the log says so."""

_CUT = b"\n[sealane: this log is cut here, it has more than 256 MiB]\n"
_END = 64 * 1024
"""Bytes at the end of a log that are searched for its last lines."""
_LONGEST = 1_000
_ID = re.compile(r"[a-z]+-[a-z0-9]+")
_KEY = re.compile(r"[a-z]+/[A-Za-z0-9_.-]+")


class Logs:
    """The logs below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def writer(self, run_id: str, key: str, attempt: int = 1) -> Writer:
        """Writes one attempt's log from its beginning. Later attempts come after the earlier ones, in the same log."""
        path = self._path(run_id, key, attempt)
        path.parent.mkdir(parents=True, exist_ok=True)
        return Writer(path)

    def read(self, run_id: str, key: str, *, offset: int, limit: int) -> bytes:
        """At most `limit` bytes from `offset` of the attempts' logs, joined in order; empty at the end."""
        parts: list[bytes] = []
        attempt = 1
        while limit > 0 and (path := self._path(run_id, key, attempt)).exists():
            size = path.stat().st_size
            if offset < size:
                with path.open("rb") as file:
                    file.seek(offset)
                    parts.append(file.read(limit))
                limit -= len(parts[-1])
            offset = max(0, offset - size)
            attempt += 1
        return b"".join(parts)

    def size(self, run_id: str, key: str) -> int:
        """Bytes of all attempts' logs together; 0 when there is none."""
        total, attempt = 0, 1
        while (path := self._path(run_id, key, attempt)).exists():
            total += path.stat().st_size
            attempt += 1
        return total

    def erase(self, run_id: str, words: str) -> None:
        """Replaces all output of the run's steps by `words`. Repeating it changes nothing."""
        self._path(run_id, "step/any", 1)
        for log in (self._folder / run_id).glob("*/*.log"):
            if log.name == "1.log":
                log.write_text(f"{words}\n")
            else:
                log.unlink(missing_ok=True)

    def last_lines(self, run_id: str, key: str, *, most: int) -> tuple[str, ...]:
        """The last lines that are not empty, without control characters; long ones are cut."""
        size = self.size(run_id, key)
        begin = max(0, size - _END)
        text = self.read(run_id, key, offset=begin, limit=_END).decode(errors="replace")
        lines = [controls.removed(line).rstrip() for line in text.split("\n")]
        shortened = [line[:_LONGEST] for line in (lines[1:] if begin else lines) if line.strip()]
        return tuple(shortened[-most:])

    def _path(self, run_id: str, key: str, attempt: int) -> Path:
        if not _ID.fullmatch(run_id) or not _KEY.fullmatch(key):
            raise NotThere(f"there is no log {key[:100]} of {run_id[:100]}")
        return self._folder / run_id / key.replace("/", "-", 1) / f"{attempt}.log"


class Writer:
    """Writes one log; use as a context manager, or call `close`."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self._file: BinaryIO = path.open("r+b", buffering=0)
        self._written = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, data: bytes) -> None:
        """Writes at the end of what this writer has written."""
        room = MOST - self._written
        if room <= 0:
            return
        self._file.write(data[:room])
        self._written += len(data)
        if len(data) > room:
            self._file.write(_CUT)

    def close(self) -> None:
        """Ends the log, and cuts off what an earlier, longer try left behind."""
        self._file.truncate(self._file.tell())
        self._file.close()
