"""Required permissions, as types in a route's signature: `async def route(app: str, actor: Developer)`.

A request carries a token (`Authorization: Bearer sln_…`) or a session's cookie. A cookie alone only allows reading: a request
that changes something must also carry the session's form token, which another site's page can't know.

Every route with the server in its signature goes through `admitted`, the one gate: it finds the actor and, from the names
in the address, the app. If the actor may not read the app, it answers as if there were none.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from sealane.access.model import Actor
from sealane.accounts.membership import Membership
from sealane.accounts.sign_in import Access
from sealane.environments.grants import Permission
from sealane.errors import NotSignedIn, Refused
from sealane.records.scopes import AppPlace, Subject
from sealane.server.shares import Share, Turns

COOKIE = "sealane_session"
FORM_FIELD = "form_token"
FORM_HEADER = "X-Form-Token"

SUBJECTS: Mapping[str, Subject] = {
    "app": Subject.APP,
    "run": Subject.RUN,
    "deployment": Subject.DEPLOYMENT,
    "what": Subject.ANYTHING,
}
"""Parts of an address that name something of an app; so does `formation`, together with the `app` before it."""
FORMATION = "formation"
FORMATIONS_TO_BE = "/api/formations/{app}/{formation}/deploy"
"""The route that may name a formation without any deployments yet."""
NO_SUBJECTS = frozenset({"key", "bundle", "gate", "user", "token_id", "source", "path", "relay"})
"""Parts of an address that name nothing on their own, or nothing of an app."""
QUESTIONS: Mapping[str, Subject] = {"of": Subject.TOPIC}
"""The same for query parameters."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that only read."""
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """A person in a browser, and the token that their forms must carry."""

    actor: Actor
    csrf: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """The actor who passed the gate, and the app's place that the address names, if any."""

    actor: Actor
    place: AppPlace | None
    csrf: str | None = field(repr=False)
    """The session's form token; None with a token."""
    turn: AsyncExitStack = field(repr=False)
    """Their turn to be answered, until it is closed."""


async def admitted(request: Request) -> AsyncIterator[Admitted]:
    """The actor, with the apps they may read, in their turn.

    Raises NotSignedIn, TooManyAttempts, Refused, and NotThere for things that they may not read.
    """
    who, csrf = await _who(request)
    turns: Turns = request.app.state.turns
    async with AsyncExitStack() as turn:
        await turn.enter_async_context(turns.one(who.name))
        yield await _admitted(request, who, csrf, turn)


async def _admitted(request: Request, who: Actor, csrf: str | None, turn: AsyncExitStack) -> Admitted:
    membership: Membership = request.app.state.server.membership
    actor = await membership.of(who)
    place = None
    for subject, name in _named(request):
        place = await membership.place_of(subject, name, actor)
    return Admitted(actor=actor, place=place, csrf=csrf, turn=turn)


async def check_formation(membership: Membership, actor: Actor, app: str, formation: str) -> None:
    """The gate for a formation that a body names. Raises NotThere where the actor may not read it, Refused, not deploy."""
    place = await membership.place_of(Subject.FORMATION_TO_BE, f"{app}/{formation}", actor)
    assert place is not None, "a formation is of an app"
    actor.require(Permission.DEPLOY, place.app, place.environment)


def _named(request: Request) -> Iterator[tuple[Subject, str]]:
    given = request.path_params
    if FORMATION in given:
        to_be = getattr(request.scope.get("route"), "path", "") == FORMATIONS_TO_BE
        subject = Subject.FORMATION_TO_BE if to_be else Subject.FORMATION
        yield subject, f"{given['app']}/{given[FORMATION]}"
    else:
        yield from ((subject, str(given[name])) for name, subject in SUBJECTS.items() if name in given)
    asked = request.query_params
    yield from ((subject, asked[name]) for name, subject in QUESTIONS.items() if name in asked)


async def _who(request: Request) -> tuple[Actor, str | None]:
    """The actor, by token or session; checks the form token if the request changes something."""
    access: Access = request.app.state.server.access
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        known = await access.authenticate(token.strip(), address=address_of(request))
        request.state.actor = known.name
        return known, None
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        raise NotSignedIn("nobody is signed in", hint="sign in, or send a token: Authorization: Bearer sln_…")
    actor, session = await access.session(cookie)
    request.state.actor = actor.name
    if request.method not in SAFE_METHODS and not same(await _form_token(request), session.csrf):
        raise Refused("the request does not carry this session's form token", hint="load the page again")
    return actor, session.csrf


def address_of(request: Request) -> str:
    """The origin of the request; trusted proxies may set it."""
    return request.client.host if request.client else ""


def same(given: str, expected: str) -> bool:
    """Whether a form's token is the expected one; untrusted input, such as half a character, is allowed and never matches."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode(errors="replace"))


async def _form_token(request: Request) -> str:
    if given := request.headers.get(FORM_HEADER):
        return given
    if not request.headers.get("content-type", "").startswith(_FORMS):
        return ""
    field_value = (await request.form()).get(FORM_FIELD)
    return field_value if isinstance(field_value, str) else ""


async def _following(
    request: Request, who: Annotated[Admitted, Depends(admitted)]
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    async def again() -> None:
        await _admitted(request, *await _who(request), who.turn)

    streams: Share = request.app.state.streams
    await who.turn.aclose()  # long answers are counted separately
    with streams.one_more(who.actor.name):  # before the answer begins, and again until it has ended
        yield again


class Requires:
    """A dependency that requires a permission at the place that the address names.

    Something without an environment, such as a run, needs it in any environment of its app; with `everywhere`, in each.
    """

    def __init__(self, permission: Permission, *, everywhere: bool = False) -> None:
        self.permission = permission
        self.everywhere = everywhere

    async def __call__(self, who: Annotated[Admitted, Depends(admitted)]) -> Actor:
        self.check(who)
        return who.actor

    def check(self, who: Admitted) -> None:
        """Raises Refused."""
        place = who.place
        if self.everywhere and place is not None:
            who.actor.require_everywhere(self.permission, place.app)
        elif place is not None:
            who.actor.require(self.permission, place.app, place.environment)
        else:
            who.actor.require(self.permission)


class RequiresInBrowser:
    """The same for pages, which need a session."""

    def __init__(self, permission: Permission) -> None:
        self.requires = Requires(permission)

    async def __call__(self, who: Annotated[Admitted, Depends(admitted)]) -> SignedIn:
        if who.csrf is None:
            raise NotSignedIn("pages need a session, not a token", hint="sign in")
        self.requires.check(who)
        return SignedIn(actor=who.actor, csrf=who.csrf)


Gate = Annotated[Admitted, Depends(admitted)]
Following = Annotated[Callable[[], Awaitable[None]], Depends(_following)]
"""Starts a long answer, unless the actor has too many; returns a function that asks the gate again."""

Signed = Annotated[SignedIn, Depends(RequiresInBrowser(Permission.READ))]
SignedDeveloper = Annotated[SignedIn, Depends(RequiresInBrowser(Permission.DEPLOY))]
Viewer = Annotated[Actor, Depends(Requires(Permission.READ))]
Developer = Annotated[Actor, Depends(Requires(Permission.DEPLOY))]
Keeper = Annotated[Actor, Depends(Requires(Permission.DEPLOY, everywhere=True))]
"""May deploy the app in every environment, and so may create what acts for the whole app, such as its push token."""
Administrator = Annotated[Actor, Depends(Requires(Permission.ADMINISTER))]
