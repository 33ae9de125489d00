"""Valid tokens: their owners, their last use, and how to revoke one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from sealane.errors import Conflicting
from sealane.records import accounts as stored
from sealane.records.accounts import Reach
from sealane.server import addresses, dependencies
from sealane.server.access import Keeper, Viewer
from sealane.server.error_responses import raised

router = APIRouter(prefix="/api", tags=["users"])


class Token(BaseModel):
    """A token as it may be shown; never its text."""

    model_config = ConfigDict(use_attribute_docstrings=True, from_attributes=True)

    id: str
    """Its first part; a token is revoked by it."""
    kind: str
    """`user` signs in, `push` only pushes, `relay` only dials in."""
    user: str | None
    app: str | None
    name: str
    created: datetime
    used: datetime | None
    """When it was used last, give or take five minutes; null: never."""
    expires: datetime | None
    """When it expires; null: never."""
    made_with: str | None
    """The id of the token that it was made with, which ends it, too; null: nobody recorded one."""


class Revoked(BaseModel):
    """The tokens that ended."""

    ended: list[str]
    """The ids of all revoked tokens; the named one first."""


@router.get("/tokens")
async def own(server: dependencies.Server, actor: Viewer) -> list[Token]:
    """Your own tokens."""
    return _shown(await server.access.tokens_of(actor.name, by=actor))


@router.get("/users/{user}/tokens")
async def of_user(user: addresses.User, server: dependencies.Server, actor: Viewer) -> list[Token]:
    """A user's tokens: to administrators, and to the user."""
    return _shown(await server.access.tokens_of(user, by=actor))


@router.get("/apps/{app}/tokens")
async def of_app(app: addresses.App, server: dependencies.Server, _: Keeper) -> list[Token]:
    """The app's push tokens."""
    return _shown(await server.access.tokens_of_app(app))


@router.delete("/tokens/{token_id}", responses=raised(Conflicting))
async def revoke(
    token_id: addresses.Token,
    server: dependencies.Server,
    actor: Viewer,
    also: Annotated[
        Reach,
        Query(description="Which tokens made with it end, too: those of the same user, none, or all."),
    ] = Reach.OWN,
) -> Revoked:
    """Makes a token void at once, with what its user made with it, and ends the sessions begun with them.

    Your own, an app's of yours, any for administrators.
    """
    return Revoked(ended=list(await server.access.revoke_token(token_id, by=actor, reach=also)))


def _shown(tokens: tuple[stored.Token, ...]) -> list[Token]:
    return [Token.model_validate(token) for token in tokens]
