"""The pages' routes: each reads the store, has a view made of it and writes it out."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, Response, StreamingResponse

from sealane import clock
from sealane.access.dependencies import Signed
from sealane.approvals import asking
from sealane.approvals.pending import Kind, Pending
from sealane.errors import NotThere
from sealane.server import following, wired
from sealane.server.ui import templates
from sealane.server.ui.presenting import deployments as presenting_deployments
from sealane.server.ui.presenting import drifts as presenting_drifts
from sealane.server.ui.presenting import needs as presenting_needs
from sealane.server.ui.presenting import overview as presenting_overview
from sealane.server.ui.presenting import runs as presenting_runs
from sealane.server.ui.views import Reader

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_PAGE = 50
_WEEK = 2_000
"""Deployments read for the figures of seven days: more than anybody does in a week."""
_KEEP_ALIVE = 15.0


@router.get("/")
async def overview(server: wired.Server, signed: Signed, find: str = "") -> HTMLResponse:
    """What needs me, and what is where."""
    views = server.views
    formations, apps, waits, recent, runs = await asyncio.gather(
        views.overview(),
        server.apps.all(),
        views.pending(),
        views.deployments(None, None, limit=_WEEK),
        views.newest_runs(),
    )
    shown_now = [row.last for row in formations if row.last] + [each.deployment for each in waits]
    commits = await views.commits(shown_now)
    page = presenting_overview.overview(
        formations, apps, waits, recent, runs=runs, commits=commits, reader=signed.actor, now=clock.now(), asked=find
    )
    shown = _framed(signed, "/", waits)
    return templates.page(
        "overview.html",
        {**shown, "page": page, "troubles": server.troubles, "asked": find, "base": server.settings_url},
    )


@router.get("/runs")
async def runs(server: wired.Server, signed: Signed, app: str | None = None, before: str | None = None) -> HTMLResponse:
    """Runs, the newest first."""
    found = await server.views.runs(app, limit=_PAGE, before=before)
    only = f"&app={app}" if app else ""
    listed = {
        "title": f"Runs of {app}" if app else "Runs",
        "rows": [presenting_runs.row(run) for run in found],
        "empty": "Nothing has run yet: a push starts a run.",
        "older": f"/runs?before={found[-1].id}{only}" if len(found) == _PAGE else "",
        "topic": "overview",
    }
    return templates.page("list.html", {**await _shown(server, signed, "/runs"), **listed})


@router.get("/runs/{run}")
async def run(run: str, server: wired.Server, signed: Signed, step: str | None = None) -> HTMLResponse:
    """One run, and the log of one of its steps."""
    view = await server.views.run(run)
    chosen = presenting_runs.choose(view, step)
    log, begun = await _end_of_log(server, run, chosen) if chosen else (None, 0)
    page = presenting_runs.run(view, log, signed.actor, chosen=chosen, log_from=begun, now=clock.now())
    return templates.page("run.html", {**await _shown(server, signed, "/runs"), "page": page})


@router.get("/runs/{run}/log/{key:path}")
async def raw_log(run: str, key: str, server: wired.Server, _: Signed) -> Response:
    """A step's whole log as text."""
    await server.views.run(run)
    await server.views.log_size(run, key)

    async def body() -> AsyncIterator[bytes]:
        async for part in following.log(server, run, key, offset=0, follow=False):
            yield part.data

    return StreamingResponse(body(), media_type="text/plain; charset=utf-8")


@router.get("/runs/{run}/follow/{key:path}")
async def follow_log(
    run: str, key: str, server: wired.Server, _: Signed, begin: Annotated[int, Query(alias="from", ge=0, le=2**62)] = 0
) -> Response:
    """A step's log as it comes, as server-sent events of ready lines; ends with the step."""
    await server.views.run(run)
    await server.views.log_size(run, key)

    async def body() -> AsyncIterator[str]:
        rest = b""
        async for part in following.log(server, run, key, offset=begin, follow=True):
            whole, _, rest = (rest + part.data).rpartition(b"\n")
            if whole:
                spans = "".join(f"<span>{html.escape(line)}</span>" for line in presenting_runs.lines(whole + b"\n"))
                yield f"event: line\ndata: {spans}\n\n"
        if rest:
            yield f"event: line\ndata: <span>{html.escape(rest.decode(errors='replace'))}</span>\n\n"
        yield "event: end\ndata: \n\n"

    return StreamingResponse(body(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@router.get("/changes")
async def changes(server: wired.Server, _: Signed, of: str) -> Response:
    """Says `changed` whenever what a page shows has changed; the page then reads itself again.

    Says so once at the beginning, too: for what changed after the page was read, and while it was cut off.
    """
    topic = of.replace("/", ":", 1)

    async def body() -> AsyncIterator[str]:
        yield "retry: 2000\n\n"
        async with aclosing(server.changes.follow({topic})) as followed:
            waiting = asyncio.ensure_future(anext(followed))
            try:
                while True:
                    done, _pending = await asyncio.wait({waiting}, timeout=_KEEP_ALIVE)
                    if done:
                        waiting.result()
                        waiting = asyncio.ensure_future(anext(followed))
                    yield "event: changed\ndata: \n\n" if done else ": still here\n\n"
            except StopAsyncIteration:
                return
            finally:
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)

    return StreamingResponse(body(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@router.get("/deployments")
async def deployments(
    server: wired.Server, signed: Signed, app: str | None = None, before: str | None = None
) -> HTMLResponse:
    """Deployments, the newest first."""
    found = await server.views.deployments(app, None, limit=_PAGE, before=before)
    commits = await server.views.commits(found)
    listed = {
        "title": f"Deployments of {app}" if app else "Deployments",
        "rows": [presenting_deployments.row(one, commits) for one in found],
        "empty": "Nothing has been deployed yet.",
        "older": f"/deployments?before={found[-1].id}" + (f"&app={app}" if app else "") if len(found) == _PAGE else "",
        "topic": "overview",
    }
    return templates.page("list.html", {**await _shown(server, signed, "/deployments"), **listed})


@router.get("/deployments/{deployment}")
async def deployment(deployment: str, server: wired.Server, signed: Signed) -> HTMLResponse:
    """One deployment: verdict, cause, story, evidence."""
    view = await server.views.deployment(deployment)
    why, waits = await asyncio.gather(server.views.why(deployment), server.views.pending())
    page = presenting_deployments.deployment(view, signed.actor, now=clock.now(), why=why, pending=waits)
    return templates.page("deployment.html", {**_framed(signed, "/deployments", waits), "page": page})


@router.get("/deployments/{deployment}/drift")
async def drift(deployment: str, server: wired.Server, signed: Signed) -> HTMLResponse:
    """What somebody changed since this deployment; asks the destination."""
    view = await server.views.deployment(deployment)
    found = await server.looking.drift(view.deployment.app, view.deployment.formation)
    page = presenting_drifts.drift(view, found, signed.actor)
    return templates.page("drift.html", {**await _shown(server, signed, "/deployments"), "page": page})


@router.get("/approvals")
async def approvals(server: wired.Server, signed: Signed) -> HTMLResponse:
    """What waits for people."""
    waits = await server.views.pending()
    commits = await server.views.commits(each.deployment for each in waits)
    wants = [each.deployment.id for each in waits if each.kind is Kind.APPROVAL]
    details = await asyncio.gather(*(server.views.deployment(each) for each in wants))
    changes = {detail.deployment.id: presenting_deployments.difference(detail) for detail in details}
    rows = presenting_needs.listed(waits, signed.actor, commits, changes)
    return templates.page("approvals.html", {**_framed(signed, "/approvals", waits), "rows": rows})


async def _end_of_log(server: wired.Server, run: str, key: str) -> tuple[Any, int]:
    """The last part of a log that a page shows, and the byte it begins at."""
    size = await server.views.log_size(run, key)
    begun = max(0, size - presenting_runs.MOST_BYTES)
    try:
        return await server.views.log(run, key, offset=begun, limit=presenting_runs.MOST_BYTES), begun
    except NotThere:
        return None, 0


async def _shown(server: wired.Server, signed: Signed, here: str) -> dict[str, Any]:
    """What the frame of every page shows."""
    return _framed(signed, here, await server.views.pending())


def _framed(signed: Signed, here: str, found: Sequence[Pending]) -> dict[str, Any]:
    """The same for a page that knows what waits for people."""
    actor = signed.actor
    mine = sum(1 for each in found if not asking.why_not(each, actor))
    reader = Reader(name=actor.name, groups=tuple(sorted(actor.groups)), waits=mine, form_token=signed.csrf)
    return {"reader": reader, "here": here}
