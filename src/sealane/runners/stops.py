"""The end of a step's container: it is asked to end, has its grace, and is killed."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

from sealane.clients.engine.api import Engine
from sealane.clients.engine.model import Phase
from sealane.errors import SealaneError
from sealane.runners import log_follow, scripts


async def end(engine: Engine, name: str, *, grace: timedelta, script: bool) -> None:
    """Ends a running container. One that was not started yet is left to whoever starts it.

    A script's shell waits for what runs in it, so that is asked to end as well; another program is asked as its image
    says, and passes it on itself.
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
