"""A deployment's timeline: each line is stored once, however often a step is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

from sealane.deployments import glimpse
from sealane.deployments.memory import Asking
from sealane.deployments.model import Listener, Phase, Progress
from sealane.deployments.watch_phase import WatchNotes
from sealane.store.deployments import Line
from sealane.verdicts import gate_requests
from sealane.verdicts.gate_requests import GateRequest, GateRequests
from sealane.verdicts.model import Observation
from sealane.verdicts.stability import Stability
from sealane.workflows.context import Tools

_Heard = TypeVar("_Heard")


async def line(
    tools: Tools, deployment_id: str, phase: Phase, says: str, *, unreached_since: datetime | None = None
) -> None:
    """Adds a line to the story."""
    entry = Line(key=f"{phase} {says}", phase=phase.value, text=says)
    await tools.store.deployments.tell(
        deployment_id, at=tools.now(), line=entry, waiting_for=says, unreached_since=unreached_since
    )


@asynccontextmanager
async def progress(tools: Tools, deployment_id: str) -> AsyncIterator[Listener]:
    """A listener for a rollout's progress; on leaving, all of it is stored, in order."""
    heard: asyncio.Queue[Progress | None] = asyncio.Queue()
    storing = asyncio.create_task(_store(tools, deployment_id, heard))
    try:
        yield heard.put_nowait
    finally:
        heard.put_nowait(None)
        await storing


@asynccontextmanager
async def noting(tools: Tools, deployment_id: str) -> AsyncIterator[WatchNotes]:
    """The guard's notes so far, stored at each change, so that a worker that takes over knows them."""
    store = tools.store.steadiness
    heard: asyncio.Queue[Stability | None] = asyncio.Queue()

    async def keep() -> None:
        async for seen in _batches(heard):
            await store.keep(deployment_id, seen[-1])

    keeping = asyncio.create_task(keep())
    try:
        yield WatchNotes(await store.of(deployment_id), heard.put_nowait)
    finally:
        heard.put_nowait(None)
        await keeping


@asynccontextmanager
async def looking(tools: Tools, deployment_id: str) -> AsyncIterator[Callable[[Observation], None]]:
    """Stores how far each object is, at each change; changes faster than the store are skipped."""
    store = tools.store.observations
    heard: asyncio.Queue[Observation | None] = asyncio.Queue()

    async def keep() -> None:
        last: list[tuple[object, ...]] = []
        async for seen in _batches(heard):
            glimpsed = glimpse.glimpse(seen[-1])
            if (far := _far(glimpsed)) != last:
                last = far
                await store.keep(deployment_id, glimpsed)

    keeping = asyncio.create_task(keep())
    try:
        yield heard.put_nowait
    finally:
        heard.put_nowait(None)
        await keeping


@asynccontextmanager
async def asking(tools: Tools, deployment_id: str, key: str) -> AsyncIterator[Asking]:
    """Stores gates' requests and their answers."""
    heard: asyncio.Queue[tuple[GateRequests, GateRequest] | None] = asyncio.Queue()

    async def keep() -> None:
        async for asked in _batches(heard):
            await tools.store.gate_requests.add(deployment_id, asked)

    keeping = asyncio.create_task(keep())
    try:
        yield lambda gate, asked, request: heard.put_nowait((gate_requests.first(key, gate, asked), request))
    finally:
        heard.put_nowait(None)
        await keeping


async def _batches(heard: asyncio.Queue[_Heard | None]) -> AsyncIterator[list[_Heard]]:
    """All values since the last look, until None ends it."""
    ended = False
    while not ended:
        batch = [await heard.get()]
        while not heard.empty():
            batch.append(heard.get_nowait())
        ended = batch[-1] is None
        if lines := [line for line in batch if line is not None]:
            yield lines


def _far(seen: Observation) -> list[tuple[object, ...]]:
    """The shown part: how far workloads and instances are, without times."""
    return [
        (seen.beside,),
        *(
            (workload.object, workload.health, workload.desired, workload.ready, workload.updated, workload.old)
            for workload in seen.workloads
        ),
        *(
            (instance.object, instance.state, instance.desired, instance.ready, instance.terminating)
            for instance in seen.instances
        ),
    ]


async def _store(tools: Tools, deployment_id: str, heard: asyncio.Queue[Progress | None]) -> None:
    while progress := await heard.get():
        if progress.observation:
            await tools.store.observations.keep(deployment_id, glimpse.glimpse(progress.observation))
        entry = Line(
            key=progress.key, phase=progress.phase.value, text=progress.message, detail=_detail(progress) or None
        )
        await tools.store.deployments.tell(
            deployment_id,
            at=progress.at,
            line=entry,
            waiting_for=progress.message.partition("\n")[0],
            unreached_since=progress.observation.blind_since if progress.observation else None,
        )


def _detail(progress: Progress) -> dict[str, str]:
    """The facts that are stored beside the sentence."""
    judged = {"judged": progress.judgement.state.value} if progress.judgement else {}
    return {**judged, "stage": progress.stage} if progress.stage else judged
