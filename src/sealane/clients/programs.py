"""Runs a program to its end and reads its output; none outlives the task that started it."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    folder: Path | None = None,
) -> Ended:
    """Runs a program without input, for at most `within` seconds. Raises TimeoutError, FileNotFoundError.

    It runs in this process's folder, unless another is given. Without an environment it gets this process's own; a
    `umask` of -1 keeps this process's. The first `most` bytes of its output are kept. Raises PrintsTooMuch at more than
    `limit` bytes.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment) if environment is not None else None,
        umask=umask,
        cwd=folder,
        start_new_session=True,  # so that its child processes end with it, and none asks at a terminal
    )
    reading = [
        asyncio.create_task(_kept(process.stdout, most, limit)),
        asyncio.create_task(_kept(process.stderr, _MOST_PROBLEM)),
    ]
    try:
        async with asyncio.timeout(within):
            out, problem = await asyncio.gather(*reading)
            code = await process.wait()
    finally:
        await end(process, reading)
    return Ended(code=code, out=out, problem=problem.decode(errors="replace"))


async def end(process: Process, working: Collection[asyncio.Task[Any]] = (), *, grace: float = 0.0) -> None:
    """Ends a program and those that it started, if one still runs, and the tasks that work on its pipes.

    It has `grace` seconds to end by itself once those tasks have ended, which close its input. It goes on when this task
    is cancelled, which a request's task is again and again once its client has left.
    """
    await asyncio.shield(asyncio.create_task(_end(process, working, grace)))


async def _end(process: Process, working: Collection[asyncio.Task[Any]], grace: float) -> None:
    """Reads what the pipes still hold, too.

    asyncio tells that a process has ended only after the ends of its pipes, and reads no further in one while nobody
    takes what came.
    """
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)
    pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]
    if process.returncode is None and grace:
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), grace)
    if process.returncode is None or not all(pipe.at_eof() for pipe in pipes):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    await asyncio.gather(process.wait(), *(_kept(pipe, 0) for pipe in pipes))


async def _kept(stream: asyncio.StreamReader | None, most: int | None, limit: int | None = None) -> bytes:
    """The beginning of a stream that is read to its end, or to its limit."""
    assert stream is not None, "the program was given pipes"
    output, read = bytearray(), 0
    while data := await stream.read(_CHUNK):
        read += len(data)
        if limit is not None and read > limit:
            raise PrintsTooMuch
        output += data if most is None else data[: most - len(output)]
    return bytes(output)
