"""Apps: registering them, and the tokens git and its hosts sign in with."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from sealane import clock, inputs
from sealane.access import lifetimes
from sealane.destinations.usage import WorkloadUsage
from sealane.environments.grants import Permission
from sealane.errors import Conflicting, Refused, UsageError
from sealane.events.commits import CommitRange
from sealane.records.app_view import FormationNow
from sealane.records.apps import App
from sealane.records.deployments import Deployment
from sealane.records.runs import Run
from sealane.releases import changes
from sealane.releases.changes import Changes
from sealane.releases.origin import Origin
from sealane.server import addresses, dependencies, fields
from sealane.server.access import Administrator, Keeper, Viewer
from sealane.server.error_responses import raised
from sealane.store.troubles import Trouble

router = APIRouter(prefix="/api/apps", tags=["apps"])


class NewApp(BaseModel):
    """What an app is registered with."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: fields.AppName
    """Unique on this server: lower case letters, digits and dashes."""
    repository: fields.Url | None = None
    """URL to clone from. None: Sealane serves the repository itself."""
    folder: fields.Folder = ""
    """The app's folder in a repository of several."""
    owner: fields.Owner
    """The owner: a group or a user."""
    trunk: fields.Branch = "main"
    """The branch whose pushes are delivered."""


class AppShown(BaseModel):
    """An app as everybody may see it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    owner: str
    repository: str
    """Where to clone from or push to."""
    folder: str
    trunk: str
    hosted: bool
    created: datetime
    trouble: str | None = None
    """Why the server could not look after it when it started; pushes to it may wait until that is fixed."""


class AppStatus(BaseModel):
    """One app as it is now."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    app: AppShown
    formations: list[FormationNow]
    deployments: list[Deployment]
    """The last ones, the newest first."""
    run: Run | None
    """The newest one."""
    origins: dict[str, Origin]
    """Where the release of each deployment here comes from, by the deployment's id."""
    usage: dict[str, list[WorkloadUsage]]
    """What workloads use now beside what they ask for, by formation; formations without figures are left out."""


_ONE = (
    "One formation; the first by name. NAME@REF takes what was rendered for it: REF is the number or id of a deployment,"
    " the id or deploy tag of a release, or the id of a revision or its beginning."
)


class CompareAnswer(BaseModel):
    """What differs between two formations."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    left: str
    right: str
    ahead: CommitRange | None
    """What only the left one has; null where nobody can tell."""
    missing: CommitRange | None
    """What only the right one has."""
    changes: Changes
    """From the right one's manifests to the left one's; values of secrets are hidden."""


class Secrets(BaseModel):
    """An app's tokens, shown only now."""

    app: AppShown
    push_token: str | None = Field(description="Password for `git push` to a repository that Sealane serves.")
    hook_secret: str | None = Field(description="Secret to enter at the git host for its webhook.")
    hook_urls: dict[str, str] = Field(description="Where each kind of git host sends its webhooks.")
    recipient: str = Field(description="The age recipient that files with the app's secrets are encrypted to.")


class Recipient(BaseModel):
    """The recipient that files with the app's secrets are encrypted to. It is not secret."""

    recipient: str


class Owner(BaseModel):
    """An app's new owner."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    owner: fields.Owner
    """A group or a user."""


class Repository(BaseModel):
    """Where an app shall be cloned from."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    repository: fields.Url
    """URL to clone from."""


class PushToken(BaseModel):
    """A fresh push token; the former one is void."""

    push_token: str


class Expiry(BaseModel):
    """How long a push token is valid."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    expires: fields.Lifetime = lifetimes.NEVER
    """How long it is valid: `90d`, `12h`, `never`."""


class Grace(BaseModel):
    """How long the former secret stays valid beside the fresh one."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    grace: fields.Lifetime = "24h"
    """A span such as `24h`; `0s` when the former one has leaked."""


class HookSecret(BaseModel):
    """A fresh hook secret, shown only now."""

    hook_secret: str
    old_counts_until: datetime
    """Until when the former secret and the former alert token stay valid."""
    hook_urls: dict[str, str]
    """Where each kind of git host sends its webhooks."""


_LASTING, _A_DAY = Expiry(), Grace()


@router.get("")
async def list_apps(server: dependencies.Server, _: Viewer) -> list[AppShown]:
    """Every app."""
    broken = {
        trouble.app: trouble for trouble in await server.store.troubles.all(now=clock.now()) if trouble.resolved is None
    }
    return [shown(server, app, broken.get(app.name)) for app in await server.views.apps()]


@router.post("", status_code=201, responses=raised(Conflicting))
async def add(new: NewApp, server: dependencies.Server, actor: Viewer) -> Secrets:
    """Registers an app of a name that one may administer. A name that is taken is refused."""
    if not server.membership.may_register(actor, new.name):
        raise Refused(f"{actor.name} may not {Permission.ADMINISTER} {new.name}", hint="ask an administrator")
    made = await server.apps.register(
        new.name, repository=new.repository, path=new.folder, owner=new.owner, trunk=new.trunk, by=actor
    )
    return Secrets(
        app=shown(server, made.app),
        push_token=made.push_token,
        hook_secret=made.hook_secret,
        hook_urls=_hook_urls(server, made.app.name),
        recipient=await server.apps.recipient(made.app.name),
    )


@router.get("/{app}")
async def get(app: addresses.App, server: dependencies.Server, _: Viewer) -> AppShown:
    """One app."""
    return shown(server, await server.apps.get(app), await server.store.troubles.of(app))


@router.get("/{app}/status")
async def status(app: addresses.App, server: dependencies.Server, _: Viewer) -> AppStatus:
    """What runs in the app's formations now, down to instances, and what was deployed there last."""
    view = await server.views.app(app)
    return AppStatus(
        app=shown(server, view.app, await server.store.troubles.of(app)),
        formations=list(view.formations),
        deployments=list(view.deployments),
        run=view.run,
        origins=dict(view.origins),
        usage={name: list(uses) for name, uses in (await server.looking.usage(view)).items()},
    )


@router.get("/{app}/compare")
async def compare(
    app: addresses.App,
    server: dependencies.Server,
    _: Viewer,
    left: Annotated[str, Query(max_length=inputs.LONGEST_LINE, description=_ONE)] = "",
    right: Annotated[
        str, Query(max_length=inputs.LONGEST_LINE, description="The one that it is compared with; the last by name.")
    ] = "",
) -> CompareAnswer:
    """What differs between what is in two formations, or was rendered for them: commits with their authors, and manifests."""
    comparison = await server.views.compared(app, left, right)
    differing = changes.across(comparison.right_revision, comparison.left_revision)
    return CompareAnswer(
        left=comparison.left_name,
        right=comparison.right_name,
        ahead=comparison.ahead,
        missing=comparison.missing,
        changes=differing,
    )


@router.get("/{app}/recipient")
async def recipient(app: addresses.App, server: dependencies.Server, _: Viewer) -> Recipient:
    """The age recipient that files with the app's secrets are encrypted to."""
    return Recipient(recipient=await server.apps.recipient(app))


@router.post("/{app}/push-token")
async def rotate_push_token(
    app: addresses.App, server: dependencies.Server, actor: Keeper, expiry: Expiry = _LASTING
) -> PushToken:
    """Makes a fresh push token and voids the one before."""
    return PushToken(push_token=await server.apps.rotate_push_token(app, by=actor, expires=expiry.expires))


@router.post("/{app}/hook-secret")
async def rotate_hook_secret(
    app: addresses.App, server: dependencies.Server, actor: Keeper, what: Grace = _A_DAY
) -> HookSecret:
    """Makes a fresh secret for webhooks and alerts; the one before counts for a while, so that nothing is lost."""
    grace = lifetimes.read(what.grace, "the grace")
    if grace is None:
        raise UsageError("a former secret can't stay valid for ever", hint="give a span, such as 24h")
    secret, until = await server.apps.rotate_hook_secret(app, by=actor, grace=grace)
    return HookSecret(hook_secret=secret, old_counts_until=until, hook_urls=_hook_urls(server, app))


@router.put("/{app}/owner", status_code=204)
async def set_owner(app: addresses.App, whom: Owner, server: dependencies.Server, actor: Administrator) -> None:
    """Gives an app to another group or person."""
    await server.apps.set_owner(app, whom.owner, by=actor)


@router.put("/{app}/repository", responses=raised(Conflicting))
async def set_repository(
    app: addresses.App, where: Repository, server: dependencies.Server, actor: Administrator
) -> AppShown:
    """Has an app cloned from another URL from now on, because its repository was renamed or moved at its host."""
    return shown(server, await server.apps.set_repository(app, where.repository, by=actor))


@router.delete("/{app}", status_code=204)
async def remove(app: addresses.App, server: dependencies.Server, actor: Administrator) -> None:
    """Forgets an app. What runs of it in its destinations stays."""
    await server.apps.remove(app, by=actor)


def _hook_urls(server: dependencies.Server, app: str) -> dict[str, str]:
    return {host: f"{server.settings_url}/hooks/{host}/{app}" for host in server.adapters.git_hosts.keys}


def shown(server: dependencies.Server, app: App, trouble: Trouble | None = None) -> AppShown:
    """The app as everybody may see it; a folder on the server's disk is shown as its served URL."""
    return AppShown(
        name=app.name,
        owner=app.owner,
        repository=dependencies.repository(server, app),
        folder=app.path,
        trunk=app.trunk,
        hosted=app.hosted,
        created=app.created,
        trouble=trouble.words if trouble else None,
    )
