"""The rights on an app and their reasons, read-only; operators' files and users' groups set them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from sealane import inputs
from sealane.environments.grants import Permission
from sealane.errors import NotThere, Refused
from sealane.findings import did_you_mean
from sealane.server import addresses, dependencies
from sealane.server.access import Viewer
from sealane.server.error_responses import raised

router = APIRouter(prefix="/api/apps", tags=["apps"])


class RightShown(BaseModel):
    """One right of a user, and what gives it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    user: str
    permission: Permission
    environments: list[str] | None
    """Where; null: in every environment."""
    because: str
    """What gives it: being its owner, a group, and where the grant is written."""


class Rights(BaseModel):
    """Who may do what with an app."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    app: str
    environments: list[str]
    """The environments that are about the app."""
    rights: list[RightShown]
    """By user. A right that several rules give is listed once for each."""


@router.get("/{app}/access", responses=raised(NotThere))
async def explain(
    app: addresses.App,
    server: dependencies.Server,
    actor: Viewer,
    user: Annotated[str | None, Query(max_length=inputs.LONGEST_LINE, description="Only this user.")] = None,
    environment: Annotated[
        str | None, Query(max_length=inputs.LONGEST_LINE, description="Only what holds in this environment.")
    ] = None,
) -> Rights:
    """Who may do what with the app, and why. Of others, for whoever may deploy the app everywhere; of oneself, for everybody."""
    if user != actor.name and not actor.may_everywhere(Permission.DEPLOY, app):
        hint = f"sealane access explain {actor.name} {app} tells what you may"
        raise Refused(f"{actor.name} may not see what others may with {app}", hint=hint)
    known = [
        environment
        for environment in await server.membership.environments_of(app)
        if actor.may(Permission.READ, app, environment)
    ]
    if environment is not None and environment not in known:
        raise NotThere(f"{app} has no environment {environment}", hint=did_you_mean(environment, known))
    explained = [
        (person, rights) for person, rights in await server.membership.explain(app) if user in {None, person.name}
    ]
    if user is not None and not explained:
        raise NotThere(f"there is no user {user}")
    shown = [
        RightShown(
            user=person.name,
            permission=right.permission,
            environments=None if right.environments is None else sorted(right.environments),
            because=right.because,
        )
        for person, rights in explained
        for right in rights
        if environment is None or right.covers(environment)
    ]
    return Rights(app=app, environments=known, rights=shown)
