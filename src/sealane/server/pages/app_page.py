"""The page of an app, and its actions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sealane import clock, inputs
from sealane.errors import UsageError
from sealane.server import addresses, dependencies, fields
from sealane.server.access import Signed, SignedDeveloper
from sealane.server.pages import frames, templates
from sealane.server.pages.presenters import app as presenting_app
from sealane.server.pages.presenters import comparisons as presenting_comparisons

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/apps/{app}")
async def app_page(
    app: addresses.App,
    server: dependencies.Server,
    signed: Signed,
    shown: Annotated[str | None, Query(alias="in", max_length=inputs.LONGEST_LINE)] = None,
) -> HTMLResponse:
    """One app: the health of its formations, and what runs in one of them."""
    view = await server.views.app(app)
    repository = dependencies.repository(server, view.app)
    used = await server.looking.usage(view)
    page = presenting_app.page(view, signed.actor, repository=repository, now=clock.now(), asked=shown, used=used)
    return templates.page("app.html", {**await frames.shown(server, signed, "/"), "page": page})


@router.get("/apps/{app}/compare")
async def compare(
    app: addresses.App,
    server: dependencies.Server,
    signed: Signed,
    left: Annotated[str, Query(max_length=inputs.LONGEST_LINE)] = "",
    right: Annotated[str, Query(max_length=inputs.LONGEST_LINE)] = "",
) -> HTMLResponse:
    """The differences between two formations."""
    page = presenting_comparisons.page(await server.views.compared(app, left, right))
    return templates.page("compare.html", {**await frames.shown(server, signed, "/"), "page": page})


@router.post("/apps/{app}/{formation}/deploy")
async def deploy(
    app: addresses.App,
    formation: addresses.Formation,
    server: dependencies.Server,
    signed: SignedDeveloper,
    release: Annotated[fields.Reference, Form()],
) -> Response:
    """Deploys a version to a formation."""
    made = await server.requests.deploy(app, formation, release=release, by=signed.actor)
    return RedirectResponse(f"/deployments/{made.id}", status_code=303)


@router.post("/apps/{app}/{formation}/scale")
async def scale(
    app: addresses.App,
    formation: addresses.Formation,
    server: dependencies.Server,
    signed: SignedDeveloper,
    word: Annotated[fields.Reference, Form()],
    replicas: Annotated[str, Form(max_length=10)],
) -> Response:
    """Sets a workload's number of instances."""
    if not replicas.strip().isdecimal():
        raise UsageError(f"{replicas.strip() or 'nothing'} is no number of instances", hint="write one, such as 3")
    made = await server.requests.scale(app, formation, word, int(replicas), by=signed.actor)
    return RedirectResponse(f"/deployments/{made.id}", status_code=303)


@router.post("/apps/{app}/{formation}/restart")
async def restart(
    app: addresses.App,
    formation: addresses.Formation,
    server: dependencies.Server,
    signed: SignedDeveloper,
    word: Annotated[fields.Reference, Form()],
) -> Response:
    """Replaces all instances of a workload."""
    made = await server.requests.restart(app, formation, word, by=signed.actor)
    return RedirectResponse(f"/deployments/{made.id}", status_code=303)
