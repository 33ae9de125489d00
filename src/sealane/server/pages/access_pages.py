"""The pages of rights: the reader's rights on every app, and everybody's rights on one."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from sealane.environments.grants import Permission
from sealane.errors import Refused
from sealane.server import addresses, dependencies
from sealane.server.access import Signed
from sealane.server.pages import frames, templates
from sealane.server.pages.presenters import access as presenting_access

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/access")
async def own(server: dependencies.Server, signed: Signed) -> HTMLResponse:
    """The reader's rights on each app that they may read."""
    table = presenting_access.own(signed.actor, await server.membership.own(signed.actor))
    return templates.page("access.html", {**await frames.shown(server, signed, "/access"), "table": table})


@router.get("/access/{app}")
async def everybody(app: addresses.App, server: dependencies.Server, signed: Signed) -> HTMLResponse:
    """Everybody's rights on the app, for people who may deploy it everywhere."""
    actor = signed.actor
    if not actor.may_everywhere(Permission.DEPLOY, app):
        raise Refused(f"{actor.name} may not see what others may with {app}", hint="/access tells what you may")
    membership = server.membership
    explained = await membership.explain(app)
    environments = [name for name in await membership.environments_of(app) if actor.may(Permission.READ, app, name)]
    table = presenting_access.of_app(app, environments, explained)
    return templates.page("access.html", {**await frames.shown(server, signed, "/access"), "table": table})
