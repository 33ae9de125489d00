"""Output of containers, as the Engine API frames it: read in large pieces, so that the reader sets the pace."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import tarfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from sealane.clients.engine import errors

_PIECE = 1 << 18
_HEADER = 8
_THREADS = ThreadPoolExecutor(max_workers=256, thread_name_prefix="engine-stream")
"""A read blocks while a step is silent, so it must not take the threads that short calls need."""


def archive(files: Mapping[str, bytes]) -> bytes:
    """A tar for engines with files at absolute paths, readable for everybody."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), 0o444
            tar.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def first_file(archive: bytes) -> bytes | None:
    """The content of the first plain file in a tar."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for entry in tar:
            if entry.isfile() and (content := tar.extractfile(entry)):
                return content.read()
    return None


class Frames:
    """Parses the API's multiplexed stream from pieces of any size and returns the payloads, both channels in order."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> bytes:
        """The payload bytes that are complete so far; a payload may come in parts."""
        data = self._rest + piece if self._rest else piece
        parts: list[bytes] = []
        at = 0
        while len(data) - at >= _HEADER:
            length = int.from_bytes(data[at + 4 : at + _HEADER], "big")
            end = at + _HEADER + length
            if end > len(data):
                break
            parts.append(data[at + _HEADER : end])
            at = end
        self._rest = data[at:]
        return b"".join(parts)


class Stream:
    """The output of one container; `read` until the end, and always `close`."""

    def __init__(self, answer: requests.Response, address: str) -> None:
        self._answer = answer
        self._address = address
        self._frames = Frames()

    async def read(self) -> bytes | None:
        """The next bytes printed; None at the end.

        The end also comes when the engine disappears: only the container's state tells whether it ended.
        """
        while (piece := await self.read_raw()) is not None:
            if payload := self._frames.feed(piece):
                return payload
        return None

    async def read_raw(self) -> bytes | None:
        """The next bytes as they come, for responses without frames; None at the end."""
        return await asyncio.get_running_loop().run_in_executor(_THREADS, self._pull) or None

    def _pull(self) -> bytes:
        raw: Any = self._answer.raw
        try:
            with errors.translated(self._address):
                return bytes(raw.read1(_PIECE))
        except (errors.EngineUnavailable, AttributeError, ValueError):  # cut off, or closed from this side
            return b""

    async def close(self) -> None:
        """Closes the connection, which also ends a `read` that waits in its thread."""
        try:
            with socket.socket(fileno=os.dup(self._answer.raw.fileno())) as connection:
                connection.shutdown(socket.SHUT_RDWR)
        except (OSError, ValueError, AttributeError):  # already closed
            pass
        await asyncio.to_thread(self._answer.close)
