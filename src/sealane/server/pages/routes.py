"""The pages' routes: each reads the store, builds a view and renders it."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from starlette.responses import HTMLResponse, Response

from sealane import clock
from sealane.approvals import inbox
from sealane.approvals.inbox import InboxKind
from sealane.errors import NotThere
from sealane.server import dependencies, streams
from sealane.server.access import Following, Signed
from sealane.server.pages import frames, templates
from sealane.server.pages.presenters import deployments as presenting_deployments
from sealane.server.pages.presenters import drifts as presenting_drifts
from sealane.server.pages.presenters import needs as presenting_needs
from sealane.server.pages.presenters import notices as presenting_notices
from sealane.server.pages.presenters import overview as presenting_overview
from sealane.server.pages.presenters import runs as presenting_runs

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_WEEK = 7
"""Days in the overview's figures."""
_MOST_UNSENT = 500
"""Most unsent notices that are counted."""
_MOST_DETAILS = 100
"""Most approvals whose changes are shown; each deployment's own page has them too."""


@router.get("/")
async def overview(server: dependencies.Server, signed: Signed, find: str = "") -> HTMLResponse:
    """The reader's tasks, and what runs where."""
    views, now = server.views, clock.now()
    formations, apps, waits, lately, runs, left_out = await asyncio.gather(
        views.overview(),
        views.apps(),
        views.pending(),
        views.last_days(now, _WEEK),
        views.newest_runs(),
        server.store.run_queue.left_out(),
    )
    unsent = await server.store.notices.listed(unsent=True, limit=_MOST_UNSENT, scope=server.scope)
    shown_now = [row.last for row in formations if row.last] + [wait.deployment for wait in waits]
    origins = await views.origins(shown_now)
    page = presenting_overview.overview(
        formations,
        apps,
        waits,
        lately,
        runs=runs,
        origins=origins,
        left_out=left_out,
        reader=signed.actor,
        asked=find,
    )
    frame = frames.framed(signed, "/", waits)
    return templates.page(
        "overview.html",
        {
            **frame,
            "page": page,
            "troubles": [
                trouble for trouble in await server.store.troubles.all(now=now) if trouble.app in server.scope
            ],
            "observed": presenting_overview.observed(await server.store.observed.all(now, server.scope), find),
            "untold": presenting_notices.untold(unsent, now),
            "asked": find,
            "base": server.settings_url,
        },
    )


@router.get("/runs/{run}")
async def run(run: str, server: dependencies.Server, signed: Signed, step: str | None = None) -> HTMLResponse:
    """One run, and the log of one of its steps."""
    view = await server.views.run(run)
    chosen = presenting_runs.choose(view, step)
    log, begun = await _end_of_log(server, run, chosen) if chosen else (None, 0)
    page = presenting_runs.run(view, log, signed.actor, chosen=chosen, log_from=begun, now=clock.now())
    return templates.page("run.html", {**await frames.shown(server, signed, "/runs"), "page": page})


@router.get("/runs/{run}/log/{key:path}")
async def raw_log(run: str, key: str, server: dependencies.Server, _: Signed, again: Following) -> Response:
    """A step's whole log as text."""
    await server.views.run(run)
    await server.views.log_size(run, key)

    async def body() -> AsyncGenerator[bytes, None]:
        async for part in streams.log(server, run, key, offset=0, follow=False):
            yield part.data

    return streams.TextStream(streams.while_admitted(body(), again), headers=streams.LIVE)


@router.get("/runs/{run}/follow/{key:path}")
async def follow_log(
    run: str,
    key: str,
    server: dependencies.Server,
    _: Signed,
    again: Following,
    begin: Annotated[int, Query(alias="from", ge=0, le=2**62)] = 0,
) -> Response:
    """A step's log as it grows, as server-sent events of rendered lines; ends with the step."""
    await server.views.run(run)
    await server.views.log_size(run, key)

    async def body() -> AsyncGenerator[str, None]:
        rest = b""
        async for part in streams.log(server, run, key, offset=begin, follow=True):
            whole, _, rest = (rest + part.data).rpartition(b"\n")
            if whole:
                spans = "".join(f"<span>{html.escape(line)}</span>" for line in presenting_runs.lines(whole + b"\n"))
                yield f"event: line\ndata: {spans}\n\n"
        if rest:
            yield f"event: line\ndata: <span>{html.escape(rest.decode(errors='replace'))}</span>\n\n"
        yield "event: end\ndata: \n\n"

    return streams.server_sent(body(), again)


@router.get("/changes")
async def changes(
    server: dependencies.Server,
    _: Signed,
    again: Following,
    of: str,
    last: Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=2**62)] = None,
) -> Response:
    """Sends `changed` whenever the page's data has changed; the page then reads itself again.

    Sends it once at the beginning, too, for changes after the page was read. A page that reconnects names its last
    event, and gets one at once only if something has happened since.
    """
    topic = of.replace("/", ":", 1)

    async def body() -> AsyncGenerator[str, None]:
        async with aclosing(server.followers.follow({topic}, after=last)) as followed:
            async for cursor in followed:
                yield f"event: changed\nid: {cursor}\ndata: \n\n"

    return streams.server_sent(streams.with_keep_alive(body()), again)


@router.get("/deployments/{deployment}")
async def deployment(deployment: str, server: dependencies.Server, signed: Signed) -> HTMLResponse:
    """One deployment: verdict, cause, history, evidence."""
    view = await server.views.deployment(deployment)
    why, waits = await asyncio.gather(server.views.why(deployment), server.views.pending())
    page = presenting_deployments.deployment(view, signed.actor, now=clock.now(), why=why, pending=waits)
    return templates.page("deployment.html", {**frames.framed(signed, "/deployments", waits), "page": page})


@router.get("/deployments/{deployment}/drift")
async def drift(deployment: str, server: dependencies.Server, signed: Signed) -> HTMLResponse:
    """The changes since this deployment; asks the destination."""
    view = await server.views.deployment(deployment)
    drift_report = await server.looking.drift(view.deployment.app, view.deployment.formation)
    page = presenting_drifts.drift(view, drift_report, signed.actor)
    return templates.page("drift.html", {**await frames.shown(server, signed, "/deployments"), "page": page})


@router.get("/approvals")
async def approvals(server: dependencies.Server, signed: Signed) -> HTMLResponse:
    """Things that wait for people."""
    waits = await server.views.pending()
    folded_items = inbox.folded(waits)
    wants = [
        folded_item.newest.deployment.id
        for folded_item in folded_items
        if folded_item.newest.kind is InboxKind.APPROVAL
    ]
    origins = await server.views.origins(wait.deployment for wait in waits)
    details = await asyncio.gather(*(server.views.deployment(want) for want in wants[:_MOST_DETAILS]))
    about = presenting_needs.InboxContext(origins=origins, details={detail.deployment.id: detail for detail in details})
    rows = presenting_needs.listed(folded_items, signed.actor, about)
    return templates.page("approvals.html", {**frames.framed(signed, "/approvals", waits), "rows": rows})


async def _end_of_log(server: dependencies.Server, run: str, key: str) -> tuple[Any, int]:
    """The last part of a log for a page, and its first byte's position."""
    size = await server.views.log_size(run, key)
    begun = max(0, size - presenting_runs.MOST_BYTES)
    try:
        return await server.views.log(run, key, offset=begun, limit=presenting_runs.MOST_BYTES), begun
    except NotThere:
        return None, 0
