"""Users, their groups and tokens."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from sealane.access.dependencies import Administrator, Viewer
from sealane.server import fields, wired
from sealane.store.account_model import User

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
    """The groups a user shall be in."""

    model_config = ConfigDict(extra="forbid")

    groups: fields.Groups


class Token(BaseModel):
    """A token, shown only now."""

    user: str
    token: str


@router.get("/me")
async def me(server: wired.Server, actor: Viewer) -> Me:
    """Who the token says you are, and which server this is."""
    from sealane import __version__

    return Me(name=actor.name, groups=sorted(actor.groups), server=server.settings_url, version=__version__)


@router.get("/users")
async def list_users(server: wired.Server, _: Administrator) -> list[User]:
    """Every user."""
    return list(await server.access.users())


@router.post("/users", status_code=201)
async def add(new: NewUser, server: wired.Server, actor: Administrator) -> Token:
    """Adds a user and makes their first token."""
    return Token(user=new.name, token=await server.access.add_user(new.name, frozenset(new.groups), by=actor))


@router.put("/users/{name}/groups", status_code=204)
async def set_groups(name: str, groups: Groups, server: wired.Server, actor: Administrator) -> None:
    """Puts a user into exactly these groups."""
    await server.access.set_groups(name, frozenset(groups.groups), by=actor)


@router.post("/users/{name}/tokens", status_code=201)
async def new_token(name: str, server: wired.Server, actor: Administrator) -> Token:
    """Makes another token for a user."""
    return Token(user=name, token=await server.access.new_token(name, "from the command line", by=actor))


@router.delete("/users/{name}", status_code=204)
async def remove(name: str, server: wired.Server, actor: Administrator) -> None:
    """Removes a user; their tokens and sessions are void at once."""
    await server.access.remove_user(name, by=actor)
