"""The page of tokens: their owners, and how to revoke one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sealane import clock
from sealane.records.accounts import Reach
from sealane.server import dependencies
from sealane.server.access import Signed
from sealane.server.pages import frames, templates
from sealane.server.pages.presenters import tokens as presenting_tokens

router = APIRouter(include_in_schema=False)


@router.get("/tokens")
async def tokens(server: dependencies.Server, signed: Signed) -> HTMLResponse:
    """Every token that the reader may revoke."""
    managed = await server.access.tokens_managed_by(signed.actor)
    groups = presenting_tokens.groups(managed, signed.actor.name, now=clock.now())
    shown = await frames.shown(server, signed, "/tokens")
    return templates.page("tokens.html", {**shown, "groups": groups})


@router.post("/tokens/{token_id}/revoke")
async def revoke(
    token_id: str, server: dependencies.Server, signed: Signed, also: Annotated[Reach, Form()] = Reach.OWN
) -> Response:
    """Makes a token void at once, with those made with it; signs out people who revoke their own sign-in token."""
    await server.access.revoke_token(token_id, by=signed.actor, reach=also)
    return RedirectResponse("/tokens", status_code=303)
