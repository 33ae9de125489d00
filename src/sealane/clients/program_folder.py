"""A folder for one run of a program whose input is hostile: its files, and the bounds that the program runs within."""

from __future__ import annotations

import asyncio
import errno
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

MOST_PRINTED = 32 * 1024 * 1024
"""Bytes of output that are read."""
_MOST_MEMORY = 2 * 1024 * 1024
"""Kilobytes of address space: Go reserves a gigabyte from the start."""
_NO_FILES = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}
_BOUNDED = 'ulimit -v "$0" 2>/dev/null; exec "$@"'
"""Runs without a limit if the system does not support one, as macOS."""


@asynccontextmanager
async def temporary(prefix: str) -> AsyncIterator[Path]:
    """A folder that this user alone may read; it is removed afterwards."""
    home = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=prefix))
    try:
        yield home
    finally:
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)


def bounded(*command: str) -> tuple[str, ...]:
    """The command with a limit of memory."""
    return ("/bin/sh", "-c", _BOUNDED, str(_MOST_MEMORY), *command)


def lay_out(folder: Path, files: Iterable[tuple[str, bytes]], *, whose: str = "") -> tuple[str, str] | None:
    """Writes the files, or returns the one that can't be written, and what to do: commits and archives may use any names."""
    for path, content in files:
        try:
            write(folder / path, content)
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno not in _NO_FILES:
                raise
            return f"{whose}{path[:100]!r} can't be a file: {error}"[:300], "rename it, or leave it out"
    return None


def write(file: Path, content: bytes) -> None:
    """Writes the file, and makes the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
