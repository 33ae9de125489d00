"""What waits for people: approvals, gates that can't tell, holds, shut windows, deletions over the budget."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from sealane.access.dependencies import Viewer
from sealane.approvals import asking
from sealane.approvals.pending import Kind
from sealane.server import wired

router = APIRouter(prefix="/api", tags=["deployments"])


class Pending(BaseModel):
    """One thing that waits for a person's word."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    kind: Kind
    deployment: str
    """The id of the deployment that waits; for deletions, of the one that left objects in place."""
    app: str
    formation: str
    asks: str
    """What it lacks."""
    since: datetime
    until: datetime | None
    """When it is decided without anybody's word."""
    otherwise: str
    """What happens then."""
    who: tuple[str, ...]
    """Groups whose people's word counts."""
    given: tuple[str, ...]
    """Who has said yes to it."""
    asked_by: str
    """For an approval, who asked for it or pushed it."""
    written: tuple[str, ...]
    """For an approval, whom its commits name as authors; a known one with the user's name."""
    gate: str
    """For a gate, its name."""
    answer: str
    """The command that answers."""
    why_not: str
    """Why the word of whoever asks does not count; empty when it does."""


@router.get("/pending")
async def waits(server: wired.Server, actor: Viewer) -> list[Pending]:
    """Everything that waits for a person, what can run out first."""
    return [
        Pending(
            kind=found.kind,
            deployment=found.deployment.id,
            app=found.deployment.app,
            formation=found.deployment.formation,
            asks=found.asks,
            since=found.since,
            until=found.until,
            otherwise=found.otherwise,
            who=asking.groups(found),
            given=found.given,
            asked_by=found.asked_by,
            written=found.written,
            gate=found.gate,
            answer=found.answer,
            why_not=asking.why_not(found, actor),
        )
        for found in await server.views.pending()
    ]
