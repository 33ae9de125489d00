"""The frame of every page: its reader, the navigation, and the number of things that wait for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from sealane import composition
from sealane.approvals import eligibility, inbox
from sealane.approvals.inbox import InboxItem
from sealane.errors import SealaneError
from sealane.server import dependencies
from sealane.server.access import COOKIE, Signed, SignedIn
from sealane.server.pages.views import Link, Reader

_LISTS = {"runs": "All runs", "deployments": "All deployments", "approvals": "All approvals"}


async def shown(server: dependencies.Server, signed: Signed, here: str) -> dict[str, Any]:
    """The frame's content; `here` is the page's part of the navigation."""
    return framed(signed, here, await server.views.pending())


def framed(signed: Signed, here: str, items: Sequence[InboxItem]) -> dict[str, Any]:
    """The same for a page that has already read what waits for people."""
    actor = signed.actor
    mine = len(inbox.folded(item for item in items if not eligibility.why_not(item, actor)))
    reader = Reader(name=actor.name, groups=tuple(sorted(actor.groups)), waits=mine, form_token=signed.csrf)
    return {"reader": reader, "here": here}


def parent_list(path: str) -> Link | None:
    """The list that contains the address, or has it."""
    first = path.strip("/").partition("/")[0]
    return Link(words=_LISTS[first], href=f"/{first}") if first in _LISTS else None


async def anyone(request: Request) -> dict[str, Any]:
    """The frame of a page for everybody, with navigation for a signed-in user."""
    nobody: dict[str, Any] = {"reader": None, "here": ""}
    server: composition.Server | None = getattr(request.app.state, "server", None)
    cookie = request.cookies.get(COOKIE)
    if server is None or not cookie:
        return nobody
    try:
        who, session = await server.access.session(cookie)
        actor = await server.membership.of(who)
        return await shown(server, SignedIn(actor=actor, csrf=session.csrf), "")
    except SealaneError:  # nobody is signed in, or the database is down: the error is shown all the same
        return nobody
