"""Who may, as types in a route's signature: `async def route(actor: Developer)`.

A request shows a token (`Authorization: Bearer sln_…`) or a session's cookie. A cookie alone may only look: what
changes something must also carry the session's form token, which another site's page can't know.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from sealane.access.model import Actor, Permission
from sealane.access.signing_in import Access
from sealane.errors import NotSignedIn, Refused

COOKIE = "sealane_session"
FORM_FIELD = "form_token"
FORM_HEADER = "X-Form-Token"

_SAFE = {"GET", "HEAD", "OPTIONS"}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """Somebody in a browser, and the token their forms must carry."""

    actor: Actor
    csrf: str = field(repr=False)


async def _signed_in(request: Request) -> SignedIn:
    """The browser's session, its form token checked where something changes. Raises NotSignedIn, Refused."""
    access: Access = request.app.state.server.access
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        raise NotSignedIn("nobody is signed in", mend="sign in, or send a token: Authorization: Bearer sln_…")
    actor, session = await access.session(cookie)
    request.state.actor = actor.name
    if request.method not in _SAFE and not hmac.compare_digest(
        (await _form_token(request)).encode(), session.csrf.encode()
    ):
        raise Refused("the request does not carry this session's form token", mend="load the page again")
    return SignedIn(actor=actor, csrf=session.csrf)


async def _form_token(request: Request) -> str:
    if given := request.headers.get(FORM_HEADER):
        return given
    if not request.headers.get("content-type", "").startswith(_FORMS):
        return ""
    field_value = (await request.form()).get(FORM_FIELD)
    return field_value if isinstance(field_value, str) else ""


async def _actor(request: Request) -> Actor:
    """Who makes the request, by token or session. Raises NotSignedIn, Refused."""
    access: Access = request.app.state.server.access
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        actor = await access.authenticate(token.strip())
        request.state.actor = actor.name
        return actor
    return (await _signed_in(request)).actor


class _Requires:
    """A dependency that lets through who has the permission."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, actor: Annotated[Actor, Depends(_actor)]) -> Actor:
        actor.require(self.permission)
        return actor


Signed = Annotated[SignedIn, Depends(_signed_in)]
Viewer = Annotated[Actor, Depends(_Requires(Permission.VIEW))]
Developer = Annotated[Actor, Depends(_Requires(Permission.DEPLOY))]
Approver = Annotated[Actor, Depends(_Requires(Permission.APPROVE))]
Administrator = Annotated[Actor, Depends(_Requires(Permission.ADMINISTER))]
