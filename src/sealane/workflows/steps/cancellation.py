"""A person's word that a rollout shall stop, heard while it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sealane.deployments.watch_phase import Stop
from sealane.errors import Unavailable
from sealane.verdicts import outcomes
from sealane.verdicts.model import Cause
from sealane.workflows import context

T = TypeVar("T")

_LOOK_EVERY = 0.5
"""Seconds between two looks: whoever calls it off may be in another process."""


async def cause(deployment_id: str) -> Cause | None:
    """Why it stops now, when somebody has called it off."""
    bench = context.current()
    by = await bench.store.cancellations.of(deployment_id)
    return outcomes.called_off(by=by, at=bench.now()) if by else None


@asynccontextmanager
async def heard(deployment_id: str) -> AsyncIterator[Stop]:
    """The word to stop, said as soon as somebody calls the deployment off."""
    stop = Stop()
    looking = asyncio.create_task(_look(deployment_id, stop))
    try:
        yield stop
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def unless_called_off(deployment_id: str, work: Coroutine[Any, Any, T]) -> T | Cause:
    """What the work gives; or why it was stopped, when somebody called the deployment off first."""
    async with heard(deployment_id) as stop:
        working = asyncio.create_task(work)
        stopped = asyncio.create_task(stop.said.wait())
        try:
            await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            return outcomes.called_off(by=stop.by, at=context.current().now())
        finally:
            stopped.cancel()
            working.cancel()
            await asyncio.gather(working, stopped, return_exceptions=True)


async def _look(deployment_id: str, stop: Stop) -> None:
    while True:
        try:
            by = await context.current().store.cancellations.of(deployment_id)
        except Unavailable:  # the step itself finds that out, and is patient
            by = None
        if by:
            stop.say(by)
            return
        await asyncio.sleep(_LOOK_EVERY)
