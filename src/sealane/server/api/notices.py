"""Notices: sent ones, those that could not be sent, and a test of a target."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from sealane import clock, inputs
from sealane.errors import NotThere, SealaneError, Unavailable
from sealane.notices import messages
from sealane.notices.model import Outgoing, TellState
from sealane.notices.port import Telling
from sealane.outbox.notice_kinds import NoticeKind
from sealane.server import addresses, dependencies
from sealane.server.access import Administrator, Viewer
from sealane.server.error_responses import raised
from sealane.store import ids

router = APIRouter(prefix="/api/notices", tags=["notices"])


class NoticeShown(BaseModel):
    """What one target was told, or will be told, about one subject."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    target: str
    """The target's name, or the address of a target in an app's own file."""
    app: str
    formation: str | None
    environment: str | None
    run: str | None
    deployment: str | None
    kind: NoticeKind
    """What happened last."""
    title: str
    happened: int
    """How many events the message has."""
    state: TellState
    """`unsent`: it will be sent, or tried again; `given_up`: it could not be sent for a day."""
    tries: int
    """How often sending failed since it was last sent."""
    since: datetime | None
    """Since when it can't be sent."""
    again: datetime | None
    """When it is sent or tried next."""
    reason: str | None
    """Why it could not be sent."""
    created: datetime
    updated: datetime


class Trial(BaseModel):
    """The target to test."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    target: str = Field(min_length=1, max_length=inputs.LONGEST_LINE)
    """Its name in `notices.yaml`."""


class Tried(BaseModel):
    """The result."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    target: str
    problem: str | None
    """Why it could not be sent; null when it was sent."""
    hint: str | None
    """What a person can do about it."""


@router.get("")
async def listed(
    server: dependencies.Server,
    _: Viewer,
    unsent: Annotated[bool, Query(description="Only notices that could not be sent.")] = False,  # noqa: FBT002 - a part of the address
    limit: addresses.Limit = 50,
) -> list[NoticeShown]:
    """What could not be sent first, then the newest."""
    notices = await server.store.notices.listed(unsent=unsent, limit=limit, scope=server.scope)
    return [_shown(outgoing) for outgoing in notices]


@router.get("/targets", responses=raised(Unavailable))
async def targets(server: dependencies.Server, _: Administrator) -> list[str]:
    """The targets that operators list, by name."""
    return sorted(server.targets.config().targets)


@router.post("/test", responses=raised(NotThere))
async def try_target(trial: Trial, server: dependencies.Server, actor: Administrator) -> Tried:
    """Tells one target that it can be told, now and once."""
    now = clock.now()
    name = trial.target
    notice = messages.trial(name, by=actor.name, at=now, server=server.settings_url)
    telling = Telling(id=f"{ids.new('n')}.1", notice=notice, fresh=notice.entries, at=now)
    try:
        target = await server.targets.open(name, None, app="")
        await target.tell(telling)
    except NotThere:
        raise
    except SealaneError as error:
        return Tried(target=name, problem=error.message, hint=error.hint)
    return Tried(target=name, problem=None, hint=None)


def _shown(outgoing: Outgoing) -> NoticeShown:
    notice = outgoing.notice
    return NoticeShown(
        id=outgoing.id,
        target=outgoing.target,
        app=notice.app,
        formation=notice.formation,
        environment=notice.environment,
        run=notice.run,
        deployment=notice.deployment,
        kind=notice.kind,
        title=notice.title,
        happened=len(notice.entries),
        state=outgoing.state,
        tries=outgoing.tries,
        since=outgoing.since,
        again=outgoing.again if outgoing.state is TellState.UNSENT else None,
        reason=outgoing.reason,
        created=outgoing.created,
        updated=outgoing.updated,
    )
