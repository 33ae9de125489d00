"""Runs: their steps and their logs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from sealane.errors import Conflicting
from sealane.records.runs import Run
from sealane.records.views import ChangedView, RunView
from sealane.server import addresses, dependencies, filters, streams
from sealane.server.access import Developer, Following, Viewer
from sealane.server.error_responses import raised
from sealane.server.streams import TextStream

router = APIRouter(prefix="/api/runs", tags=["runs"])


class Started(BaseModel):
    """The run that was started."""

    run: str


@router.get("")
async def list_runs(
    server: dependencies.Server,
    _: Viewer,
    only: filters.RunFilter,
    limit: addresses.Limit = 50,
    before: addresses.Before = None,
) -> list[Run]:
    """Runs, the newest first. Filters that are given all have to fit."""
    return list(await server.views.runs(only, limit=limit, before=before))


@router.get("/{run}")
async def get(run: addresses.Run, server: dependencies.Server, _: Viewer) -> RunView:
    """One run with its steps and what came of it."""
    return await server.views.run(run)


@router.get("/{run}/changes")
async def changes(run: addresses.Run, server: dependencies.Server, _: Viewer) -> ChangedView | None:
    """The files that the run's event changed: how many, and the first 5,000. Nothing where nobody can tell."""
    return await server.store.runs.changes(run)


@router.get("/{run}/logs/{key:path}", response_class=TextStream)
async def log(
    run: addresses.Run,
    key: addresses.LogKey,
    server: dependencies.Server,
    _: Viewer,
    again: Following,
    offset: Annotated[int, Query(ge=0, le=2**62, description="The byte to begin at.")] = 0,
    *,
    follow: Annotated[bool, Query(description="Goes on until the step has ended.")] = False,
) -> TextStream:
    """A step's log as text, secrets masked."""
    await server.views.run(run)
    await server.views.log_size(run, key)

    async def body() -> AsyncGenerator[bytes, None]:
        async for part in streams.log(server, run, key, offset=offset, follow=follow):
            yield part.data

    return TextStream(streams.while_admitted(body(), again), headers=streams.LIVE)


@router.delete("/{run}/logs", status_code=204, responses=raised(Conflicting))
async def erase_logs(run: addresses.Run, server: dependencies.Server, actor: Developer) -> None:
    """Erases what the steps of an ended run printed and its tests reported, for good."""
    await server.requests.erase_logs(run, by=actor)


@router.post("/{run}/rerun", status_code=202)
async def rerun(run: addresses.Run, server: dependencies.Server, actor: Developer) -> Started:
    """Runs the same commit again."""
    return Started(run=await server.requests.rerun(run, by=actor))


@router.post("/{run}/cancel", status_code=204, responses=raised(Conflicting))
async def cancel(run: addresses.Run, server: dependencies.Server, actor: Developer) -> None:
    """Ends a run. Deployments under way are not touched."""
    await server.requests.cancel_run(run, by=actor)
