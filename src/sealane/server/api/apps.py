"""Apps: registering them, and the tokens git and its hosts sign in with."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sealane.access.dependencies import Administrator, Developer, Viewer
from sealane.server import fields, wired
from sealane.store.model import App

router = APIRouter(prefix="/api/apps", tags=["apps"])


class NewApp(BaseModel):
    """What an app is registered with."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: fields.AppName
    """Unique on this server: lower case letters, digits and dashes."""
    repository: fields.Url | None = None
    """URL to clone from. None: Sealane serves the repository itself."""
    path: fields.Folder = ""
    """The app's folder in a repository of several."""
    owner: fields.Owner
    """Who owns it: a team or a person."""
    trunk: fields.Branch = "main"
    """The branch whose pushes are delivered."""


class AppShown(BaseModel):
    """An app as everybody may see it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    owner: str
    repository: str
    """Where to clone from or push to."""
    path: str
    trunk: str
    hosted: bool
    created: datetime
    trouble: str | None = None
    """Why the server could not look after it when it started; pushes to it may wait until that is mended."""


class Secrets(BaseModel):
    """An app's tokens, shown only now."""

    app: AppShown
    push_token: str | None = Field(description="Password for `git push` to a repository that Sealane serves.")
    hook_secret: str | None = Field(description="Secret to enter at the git host for its webhook.")
    hook_urls: dict[str, str] = Field(description="Where each kind of git host sends its webhooks.")
    recipient: str = Field(description="The age recipient that files with the app's secrets are encrypted to.")


class Recipient(BaseModel):
    """Whom files with the app's secrets are encrypted to. No secret."""

    recipient: str


class PushToken(BaseModel):
    """A fresh push token; the one before is void."""

    push_token: str


@router.get("")
async def list_apps(server: wired.Server, _: Viewer) -> list[AppShown]:
    """Every app."""
    return [shown(server, app) for app in await server.apps.all()]


@router.post("", status_code=201)
async def add(new: NewApp, server: wired.Server, actor: Administrator) -> Secrets:
    """Registers an app. A name that is taken is refused."""
    made = await server.apps.register(
        new.name, repository=new.repository, path=new.path, owner=new.owner, trunk=new.trunk, by=actor
    )
    base = server.settings_url
    return Secrets(
        app=shown(server, made.app),
        push_token=made.push_token,
        hook_secret=made.hook_secret,
        hook_urls={host: f"{base}/hooks/{host}/{made.app.name}" for host in ("github", "gitea")},
        recipient=await server.apps.recipient(made.app.name),
    )


@router.get("/{name}")
async def get(name: str, server: wired.Server, _: Viewer) -> AppShown:
    """One app."""
    return shown(server, await server.apps.get(name))


@router.get("/{name}/recipient")
async def recipient(name: str, server: wired.Server, _: Viewer) -> Recipient:
    """The age recipient that files with the app's secrets are encrypted to."""
    return Recipient(recipient=await server.apps.recipient(name))


@router.post("/{name}/push-token")
async def rotate_push_token(name: str, server: wired.Server, actor: Developer) -> PushToken:
    """Makes a fresh push token and voids the one before."""
    return PushToken(push_token=await server.apps.rotate_push_token(name, by=actor))


@router.delete("/{name}", status_code=204)
async def remove(name: str, server: wired.Server, actor: Administrator) -> None:
    """Forgets an app. What runs of it in its destinations stays."""
    await server.apps.remove(name, by=actor)


def shown(server: wired.Server, app: App) -> AppShown:
    """The app as everybody may see it: a folder on the server's disk is told as the URL it is served at."""
    return AppShown(
        name=app.name,
        owner=app.owner,
        repository=wired.repository(server, app),
        path=app.path,
        trunk=app.trunk,
        hosted=app.hosted,
        created=app.created,
        trouble=server.troubles.get(app.name),
    )
