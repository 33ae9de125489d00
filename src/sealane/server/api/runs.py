"""Runs: their steps and their logs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from sealane.access.dependencies import Developer, StillAdmitted, Viewer
from sealane.server import filters, following, wired
from sealane.store.model import Run
from sealane.store.view_model import ChangedView, RunView

router = APIRouter(prefix="/api/runs", tags=["runs"])


class Started(BaseModel):
    """The run that was started."""

    run: str


@router.get("")
async def list_runs(
    server: wired.Server,
    _: Viewer,
    only: filters.RunFilter,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[str | None, Query(description="The id of the last run of the page before.")] = None,
) -> list[Run]:
    """Runs, the newest first. Filters that are given all have to fit."""
    return list(await server.views.runs(only, limit=limit, before=before))


@router.get("/{run}")
async def get(run: str, server: wired.Server, _: Viewer) -> RunView:
    """One run with its steps and what came of it."""
    return await server.views.run(run)


@router.get("/{run}/changes")
async def changes(run: str, server: wired.Server, _: Viewer) -> ChangedView | None:
    """The files that the run's event changed: how many, and the first 5,000. Nothing where nobody can tell."""
    return await server.store.runs.changes(run)


@router.get("/{run}/logs/{key:path}", response_class=StreamingResponse)
async def log(
    run: str,
    key: str,
    server: wired.Server,
    _: Viewer,
    admitted: StillAdmitted,
    offset: Annotated[int, Query(ge=0, le=2**62, description="The byte to begin at.")] = 0,
    *,
    follow: Annotated[bool, Query(description="Goes on until the step has ended.")] = False,
) -> StreamingResponse:
    """A step's log as text, secrets masked."""
    await server.views.run(run)
    await server.views.log_size(run, key)

    async def body() -> AsyncGenerator[bytes, None]:
        async for part in following.log(server, run, key, offset=offset, follow=follow):
            yield part.data

    return StreamingResponse(following.while_admitted(body(), admitted), media_type="text/plain; charset=utf-8")


@router.post("/{run}/rerun", status_code=202)
async def rerun(run: str, server: wired.Server, actor: Developer) -> Started:
    """Runs the same commit again."""
    return Started(run=await server.requests.rerun(run, by=actor))


@router.post("/{run}/cancel", status_code=204)
async def cancel(run: str, server: wired.Server, actor: Developer) -> None:
    """Ends a run. Deployments under way are not touched."""
    await server.requests.cancel_run(run, by=actor)
