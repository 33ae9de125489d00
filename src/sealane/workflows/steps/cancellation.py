"""A person cancels a rollout while it is under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from sealane.deployments.watch_phase import Stop
from sealane.errors import Unavailable
from sealane.verdicts import outcomes
from sealane.verdicts.model import Cause
from sealane.workflows.context import Tools

T = TypeVar("T")

_LOOK_EVERY = 0.5
"""Seconds between two looks: the request may come from another process."""


async def cause(tools: Tools, deployment_id: str) -> Cause | None:
    """The cause when somebody has cancelled it; otherwise None."""
    by = await tools.store.cancellations.of(deployment_id)
    return outcomes.cancellation(by=by, at=tools.now()) if by else None


@asynccontextmanager
async def heard(tools: Tools, deployment_id: str) -> AsyncIterator[Stop]:
    """A request to stop, set as soon as somebody cancels the deployment."""
    stop = Stop()
    looking = asyncio.create_task(_look(tools, deployment_id, stop))
    try:
        yield stop
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _look(tools: Tools, deployment_id: str, stop: Stop) -> None:
    while True:
        try:
            by = await tools.store.cancellations.of(deployment_id)
        except Unavailable:  # the step itself finds that out, and is patient
            by = None
        if by:
            stop.request(by)
            return
        await asyncio.sleep(_LOOK_EVERY)
