"""The pages with lists of runs, deployments and the audit."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse

from sealane import clock
from sealane.records.filters import DEPLOYMENT_STATES, RUN_STATES
from sealane.server import dependencies, filters
from sealane.server.access import Signed
from sealane.server.pages import frames, templates
from sealane.server.pages.presenters import audit as presenting_audit
from sealane.server.pages.presenters import deployments as presenting_deployments
from sealane.server.pages.presenters import lists as presenting_lists
from sealane.server.pages.presenters import notices as presenting_notices
from sealane.server.pages.presenters import runs as presenting_runs
from sealane.server.pages.presenters.lists import ListQuery
from sealane.server.pages.views import Link

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_PAGE = 50


@router.get("/runs")
async def runs(
    server: dependencies.Server, signed: Signed, only: filters.RunFilter, before: str | None = None
) -> HTMLResponse:
    """Runs, the newest first."""
    views = server.views
    listed, places = await asyncio.gather(views.runs(only, limit=_PAGE, before=before or None), views.places())
    nothing = "Nothing has run yet: a push starts a run."
    other = Link(words="The deployments of these", href="/deployments")
    asked = ListQuery(title="Runs", path="/runs", only=only, states=RUN_STATES, nothing=nothing, other=other)
    rows = [presenting_runs.row(run, only) for run in listed]
    page = presenting_lists.page(asked, rows, places, last=listed[-1].id if len(listed) == _PAGE else None)
    return templates.page("list.html", {**await frames.shown(server, signed, "/runs"), "page": page})


@router.get("/deployments")
async def deployments(
    server: dependencies.Server, signed: Signed, only: filters.DeploymentFilter, before: str | None = None
) -> HTMLResponse:
    """Deployments, the newest first."""
    views = server.views
    listed, places = await asyncio.gather(views.deployments(only, limit=_PAGE, before=before or None), views.places())
    came = await views.origins(listed)
    nothing = "Nothing has been deployed yet."
    asked = ListQuery(
        title="Deployments",
        path="/deployments",
        only=only,
        states=DEPLOYMENT_STATES,
        nothing=nothing,
        other=Link(words="The runs of these", href="/runs"),
    )
    rows = [presenting_deployments.row(deployment, came.get(deployment.id), only) for deployment in listed]
    page = presenting_lists.page(asked, rows, places, last=listed[-1].id if len(listed) == _PAGE else None)
    return templates.page("list.html", {**await frames.shown(server, signed, "/deployments"), "page": page})


@router.get("/audit")
async def audit(
    server: dependencies.Server,
    signed: Signed,
    only: filters.WhoDidWhat,
    before: Annotated[int | None, Query(ge=0, le=2**62)] = None,
) -> HTMLResponse:
    """The audit, the newest first: the reader's apps; for administrators, also people and the server."""
    views = server.views
    listed, kinds, apps = await asyncio.gather(
        views.audit(only, limit=_PAGE, before=before), views.audited(), views.apps()
    )
    last = listed[-1].id if len(listed) == _PAGE else None
    page = presenting_audit.page(listed, only, apps=[app.name for app in apps], kinds=kinds, last=last)
    return templates.page("list.html", {**await frames.shown(server, signed, "/audit"), "page": page})


@router.get("/notices")
async def notices(server: dependencies.Server, signed: Signed, unsent: str = "") -> HTMLResponse:
    """Notices: failed ones first, then the newest."""
    only = unsent == "true"
    listed = await server.store.notices.listed(unsent=only, limit=_PAGE, scope=server.scope)
    page = presenting_notices.page(listed, unsent=only, now=clock.now())
    return templates.page("list.html", {**await frames.shown(server, signed, "/notices"), "page": page})
