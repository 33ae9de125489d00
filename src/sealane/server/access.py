"""Who may, as types in a route's signature: `async def route(app: str, actor: Developer)`.

A request shows a token (`Authorization: Bearer sln_…`) or a session's cookie. A cookie alone may only look: what
changes something must also carry the session's form token, which another site's page can't know.

Every route that has the server in its signature goes through `admitted`, the one gate: it finds out who asks and, from
the names in the address, of which app, and answers as if there were none where they may not read it.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from sealane.access.model import Actor, Permission
from sealane.accounts.membership import Membership
from sealane.accounts.sign_in import Access
from sealane.errors import NotSignedIn, Refused
from sealane.records.scopes import Subject

COOKIE = "sealane_session"
FORM_FIELD = "form_token"
FORM_HEADER = "X-Form-Token"

SUBJECTS: Mapping[str, Subject] = {
    "app": Subject.APP,
    "run": Subject.RUN,
    "deployment": Subject.DEPLOYMENT,
    "what": Subject.ANYTHING,
}
"""Parts of an address that name something of an app's."""
NO_SUBJECTS = frozenset({"formation", "key", "gate", "user", "token_id", "source", "path"})
"""Parts of an address that name nothing by themselves, or nothing of an app's."""
QUESTIONS: Mapping[str, Subject] = {"of": Subject.TOPIC}
"""The same for what stands behind the question mark."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""What only looks."""
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """Somebody in a browser, and the token their forms must carry."""

    actor: Actor
    csrf: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """Who came through the gate, and the app that the address is about, if it is about one."""

    actor: Actor
    app: str | None
    csrf: str | None = field(repr=False)
    """The session's form token; None for who came with a token."""


async def admitted(request: Request) -> Admitted:
    """Who asks, with the apps they may read. Raises NotSignedIn, Refused, and NotThere for what they may not read."""
    membership: Membership = request.app.state.server.membership
    who, csrf = await _who(request)
    actor = await membership.of(who)
    app = None
    for known, given in ((SUBJECTS, request.path_params), (QUESTIONS, request.query_params)):
        for name, subject in known.items():
            if name in given:
                app = await membership.app_of(subject, str(given[name]), actor)
    return Admitted(actor=actor, app=app, csrf=csrf)


async def _who(request: Request) -> tuple[Actor, str | None]:
    """Who makes the request, by token or session; its form token checked where something changes."""
    access: Access = request.app.state.server.access
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        found = await access.authenticate(token.strip(), address=address_of(request))
        request.state.actor = found.name
        return found, None
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        raise NotSignedIn("nobody is signed in", hint="sign in, or send a token: Authorization: Bearer sln_…")
    actor, session = await access.session(cookie)
    request.state.actor = actor.name
    if request.method not in SAFE_METHODS and not same(await _form_token(request), session.csrf):
        raise Refused("the request does not carry this session's form token", hint="load the page again")
    return actor, session.csrf


def address_of(request: Request) -> str:
    """Where the request came from; what proxies say counts where they are trusted."""
    return request.client.host if request.client else ""


def same(given: str, expected: str) -> bool:
    """Whether a form's token is the one; what a form may hold, such as half a character, can be none."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode(errors="replace"))


async def _form_token(request: Request) -> str:
    if given := request.headers.get(FORM_HEADER):
        return given
    if not request.headers.get("content-type", "").startswith(_FORMS):
        return ""
    field_value = (await request.form()).get(FORM_FIELD)
    return field_value if isinstance(field_value, str) else ""


def _again(request: Request) -> Callable[[], Awaitable[None]]:
    async def look() -> None:
        await admitted(request)

    return look


class Requires:
    """A dependency that lets through who has the permission, on the app that the address is about."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, who: Annotated[Admitted, Depends(admitted)]) -> Actor:
        who.actor.require(self.permission, who.app)
        return who.actor


class RequiresInBrowser:
    """The same for pages, which are seen with a session only."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, who: Annotated[Admitted, Depends(admitted)]) -> SignedIn:
        if who.csrf is None:
            raise NotSignedIn("pages are seen with a session, not with a token", hint="sign in")
        who.actor.require(self.permission, who.app)
        return SignedIn(actor=who.actor, csrf=who.csrf)


Gate = Annotated[Admitted, Depends(admitted)]
StillAdmitted = Annotated[Callable[[], Awaitable[None]], Depends(_again)]
"""Asks the gate again, for answers that go on for long; raises as it does."""

Signed = Annotated[SignedIn, Depends(RequiresInBrowser(Permission.READ))]
SignedDeveloper = Annotated[SignedIn, Depends(RequiresInBrowser(Permission.DEPLOY))]
Viewer = Annotated[Actor, Depends(Requires(Permission.READ))]
Developer = Annotated[Actor, Depends(Requires(Permission.DEPLOY))]
Administrator = Annotated[Actor, Depends(Requires(Permission.ADMINISTER))]
