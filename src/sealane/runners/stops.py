"""Ends a step's container: asks it to end, waits for the grace, and kills it."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

from sealane.clients.engine.api import Engine
from sealane.clients.engine.model import Phase
from sealane.errors import SealaneError
from sealane.runners import log_follow, scripts


async def end(engine: Engine, name: str, *, grace: timedelta, script: bool) -> None:
    """Ends a running container. One that was not started yet is left to the code that starts it.

    A script's shell waits for its commands, so these are asked to end as well; other programs get the image's stop signal
    and handle it themselves.
    """
    state = await engine.state(name)
    if state is None or state.phase is not Phase.RUNNING:
        return
    await engine.signal(name, "TERM" if script else state.stop_signal or "TERM")
    if script and grace:
        with contextlib.suppress(SealaneError, TimeoutError):  # it may have ended, or have no room for one more
            async with asyncio.timeout(grace.total_seconds()):
                await engine.execute(name, scripts.STOP)
    if not await _ends_within(engine, name, grace):
        await engine.signal(name, "KILL")
        await _ends_within(engine, name, grace)


async def _ends_within(engine: Engine, name: str, time: timedelta) -> bool:
    try:
        async with asyncio.timeout(time.total_seconds()):
            await log_follow.ended(engine, name)
    except TimeoutError:
        return False
    return True
