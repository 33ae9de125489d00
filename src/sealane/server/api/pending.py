"""What waits for people: approvals, inconclusive gates, holds, shut windows, deletions over the budget."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from sealane.access.model import Actor
from sealane.approvals import eligibility, inbox
from sealane.approvals.inbox import InboxItem as Found
from sealane.approvals.inbox import InboxKind
from sealane.records.views import DeploymentView
from sealane.releases.origin import Origin
from sealane.server import dependencies
from sealane.server.access import Viewer
from sealane.server.pages.presenters import review, versions

router = APIRouter(prefix="/api", tags=["deployments"])


class Pending(BaseModel):
    """One thing that waits for a person's answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    kind: InboxKind
    deployment: str
    """The id of the deployment that waits; for deletions, of the one that left objects in place."""
    app: str
    formation: str
    version: str
    """The short commit, or the revision's hash where there is none."""
    origin: Origin | None
    """The run and the commit that it comes from."""
    brings: str
    """For an approval, how many commits it adds to what is deployed, in words."""
    tests: str
    """For an approval, what the tests of its run reported, in words; empty where none did."""
    newer: str | None
    """For an approval, the id of the newest one of the same formation, which supersedes this one once it begins."""
    asks: str
    """What it lacks."""
    since: datetime
    until: datetime | None
    """When it is decided without an answer."""
    otherwise: str
    """What happens then."""
    who: tuple[str, ...]
    """Groups whose members may answer, where they may approve; empty: everybody who may deploy there."""
    given: tuple[str, ...]
    """Who has agreed."""
    asked_by: str
    """For an approval, who asked for it or pushed it."""
    written: tuple[str, ...]
    """For an approval, the authors of its commits; known authors by their user's name."""
    gate: str
    """For a gate, its name."""
    answer: str
    """The command that answers."""
    why_not: str
    """Why the caller may not answer; empty if allowed."""


@router.get("/pending")
async def waits(server: dependencies.Server, actor: Viewer) -> list[Pending]:
    """Everything that waits for a person: what can run out first, then approvals, the newest first, then the rest."""
    folded = inbox.folded(await server.views.pending())
    every = [(inbox_item, group.newest) for group in folded for inbox_item in (group.newest, *group.older)]
    origins = await server.views.origins(item.deployment for item, _ in every)
    wants = [item.deployment.id for item, _ in every if item.kind is InboxKind.APPROVAL]
    details = await asyncio.gather(*(server.views.deployment(deployment_id) for deployment_id in wants))
    views = {detail.deployment.id: detail for detail in details}
    return [_told(item, newest, actor, origins, views) for item, newest in every]


def _told(
    item: Found, newest: Found, actor: Actor, origins: Mapping[str, Origin], views: Mapping[str, DeploymentView]
) -> Pending:
    deployment = item.deployment
    view = views.get(deployment.id)
    origin = origins.get(deployment.id)
    return Pending(
        kind=item.kind,
        deployment=deployment.id,
        app=deployment.app,
        formation=deployment.formation,
        version=versions.of(deployment, origin),
        origin=origin,
        brings=review.brings(view) if view else "",
        tests=view.tests.words if view and view.tests else "",
        newer=None if item is newest else newest.deployment.id,
        asks=item.asks,
        since=item.since,
        until=item.until,
        otherwise=item.otherwise,
        who=item.who,
        given=item.given,
        asked_by=item.asked_by,
        written=item.written,
        gate=item.gate,
        answer=item.answer,
        why_not=eligibility.why_not(item, actor),
    )
