"""Runs a program to its end and reads its output; none outlives the task that started it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

_MOST_SAID = 300
_CHUNK = 64 * 1024
_MOST_PROBLEM = 64 * 1024
"""Most bytes of error output that are kept: a host may send it through the program, without end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """The result of a program: its exit code, its output, and its error output."""

    code: int
    out: bytes
    problem: str
    """Its error output, unchanged."""

    @property
    def said(self) -> str:
        """Its error output, in one line cut to 300 characters."""
        return " ".join(self.problem.split())[:_MOST_SAID]


class PrintsTooMuch(Exception):
    """The program printed more than the limit; it was ended."""


async def run(
    *command: str,
    within: float,
    environment: Mapping[str, str] | None = None,
    umask: int = -1,
    most: int | None = None,
    limit: int | None = None,
) -> Ended:
    """Runs a program without input, for at most `within` seconds. Raises TimeoutError, FileNotFoundError.

    Without an environment it gets this process's own; a `umask` of -1 keeps this process's. The first `most` bytes of
    its output are kept. Raises PrintsTooMuch at more than `limit` bytes.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment) if environment is not None else None,
        umask=umask,
        start_new_session=True,  # so that its child processes end with it, and none asks at a terminal
    )
    try:
        async with asyncio.timeout(within):
            out, problem = await asyncio.gather(
                _kept(process.stdout, most, limit), _kept(process.stderr, _MOST_PROBLEM)
            )
            await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return Ended(code=process.returncode or 0, out=out, problem=problem.decode(errors="replace"))


async def _kept(stream: asyncio.StreamReader | None, most: int | None, limit: int | None = None) -> bytes:
    """The beginning of a stream that is read to its end, or to its limit."""
    assert stream is not None, "the program was given pipes"
    kept, read = bytearray(), 0
    while data := await stream.read(_CHUNK):
        read += len(data)
        if limit is not None and read > limit:
            raise PrintsTooMuch
        kept += data if most is None else data[: most - len(kept)]
    return bytes(kept)
