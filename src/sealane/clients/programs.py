"""Running a program to its end and reading what it printed; none outlives the task that asked."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

_MOST_SAID = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a program ended: its exit code, what it printed, and what it complained of, in one line cut to 300 characters."""

    code: int
    out: bytes
    said: str


async def run(*command: str, within: float, environment: Mapping[str, str] | None = None, umask: int = -1) -> Ended:
    """Runs a program without input, for at most `within` seconds. Raises TimeoutError, FileNotFoundError.

    Without an environment it has this process's own; a `umask` of -1 leaves it at this process's.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment) if environment is not None else None,
        umask=umask,
        start_new_session=True,  # so that what it has started ends with it, and nothing of it asks at a terminal
    )
    try:
        async with asyncio.timeout(within):
            out, problem = await process.communicate()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    said = " ".join(problem.decode(errors="replace").split())[:_MOST_SAID]
    return Ended(code=process.returncode or 0, out=out, said=said)
