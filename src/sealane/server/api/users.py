"""Users, their groups and tokens."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from sealane.errors import Conflicting
from sealane.records.accounts import User
from sealane.server import addresses, dependencies, fields
from sealane.server.access import Administrator, Viewer
from sealane.server.error_responses import raised

router = APIRouter(prefix="/api", tags=["users"])


class Me(BaseModel):
    """Who the token says you are."""

    name: str
    groups: list[str]
    server: str
    version: str


class NewUser(BaseModel):
    """A user to add."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: fields.UserName
    groups: fields.Groups = []
    """`administrators`, `developers`, `approvers`, or groups the environments' files name."""


class Groups(BaseModel):
    """A user's new groups."""

    model_config = ConfigDict(extra="forbid")

    groups: fields.Groups


class Token(BaseModel):
    """A token, shown only now."""

    user: str
    token: str


class NewToken(BaseModel):
    """A token to make."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: fields.TokenName = "from the command line"
    """What it is for, such as the machine that uses it."""
    expires: fields.Lifetime | None = None
    """How long it is valid: `90d`, `12h`, `never`; the server's default when left out."""


_AS_USUAL = NewToken()


@router.get("/me")
async def me(server: dependencies.Server, actor: Viewer) -> Me:
    """Who the token says you are, and which server this is."""
    from sealane import __version__

    return Me(name=actor.name, groups=sorted(actor.groups), server=server.settings_url, version=__version__)


@router.get("/users")
async def list_users(server: dependencies.Server, _: Administrator) -> list[User]:
    """Every user."""
    return list(await server.access.users())


@router.post("/users", status_code=201, responses=raised(Conflicting))
async def add(new: NewUser, server: dependencies.Server, actor: Administrator) -> Token:
    """Adds a user and makes their first token."""
    return Token(user=new.name, token=await server.access.add_user(new.name, frozenset(new.groups), by=actor))


@router.put("/users/{user}/groups", status_code=204, responses=raised(Conflicting))
async def set_groups(user: addresses.User, groups: Groups, server: dependencies.Server, actor: Administrator) -> None:
    """Puts a user into exactly these groups."""
    await server.access.set_groups(user, frozenset(groups.groups), by=actor)


@router.post("/users/{user}/tokens", status_code=201)
async def new_token(
    user: addresses.User, server: dependencies.Server, actor: Viewer, wish: NewToken = _AS_USUAL
) -> Token:
    """Makes another token: administrators for anybody, others for themselves."""
    _, text = await server.access.new_token(user, wish.name, by=actor, expires=wish.expires)
    return Token(user=user, token=text)


@router.delete("/users/{user}", status_code=204, responses=raised(Conflicting))
async def remove(user: addresses.User, server: dependencies.Server, actor: Administrator) -> None:
    """Removes a user; their tokens and sessions are void at once."""
    await server.access.remove_user(user, by=actor)
