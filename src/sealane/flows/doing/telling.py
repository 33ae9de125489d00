"""Telling a deployment's story: lines kept once, however often a step is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from sealane.flows import tools
from sealane.rollouts.model import Listener, Phase, Progress
from sealane.store.deployments import Line


async def line(deployment_id: str, phase: Phase, says: str, *, at: datetime) -> None:
    """Adds a line to the story."""
    told = Line(key=f"{phase} {says}", phase=phase.value, text=says)
    await tools.current().store.deployments.tell(deployment_id, at=at, line=told, waiting_for=says)


@asynccontextmanager
async def progress(deployment_id: str) -> AsyncIterator[Listener]:
    """A listener for a rollout's progress; afterwards all of it is stored, in order."""
    heard: asyncio.Queue[Progress | None] = asyncio.Queue()
    storing = asyncio.create_task(_store(deployment_id, heard))
    try:
        yield heard.put_nowait
    finally:
        heard.put_nowait(None)
        await storing


async def _store(deployment_id: str, heard: asyncio.Queue[Progress | None]) -> None:
    while progress := await heard.get():
        told = Line(key=progress.key, phase=progress.phase.value, text=progress.says)
        await tools.current().store.deployments.tell(
            deployment_id, at=progress.at, line=told, waiting_for=progress.says.partition("\n")[0]
        )
