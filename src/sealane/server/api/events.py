"""Events, for programs that follow them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from sealane.outbox.model import DomainEvent
from sealane.server import addresses, dependencies, filters
from sealane.server.access import Administrator, Viewer

router = APIRouter(prefix="/api", tags=["events"])

Cursor = Annotated[int, Query(ge=0, le=2**62, description="The cursor of the answer before; 0 for all stored events.")]


class EventPage(BaseModel):
    """What happened after a cursor."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    events: list[DomainEvent]
    """In order; an id is never used twice, so an event that comes again is recognised."""
    cursor: int
    """The cursor for the next request."""
    missed: bool
    """Whether events after the given cursor are deleted already."""


@router.get("/events")
async def events(
    server: dependencies.Server,
    _: Viewer,
    app: filters.App,
    formation: filters.Formation,
    after: Cursor = 0,
    limit: addresses.Limit = 50,
) -> EventPage:
    """What happened, the oldest first. Asked again with the cursor of the answer, it goes on from there."""
    newest = await server.store.outbox.newest()  # first: later events are for the next page
    kept_from = await server.store.outbox.trimmed()
    domain_events = await server.views.events(after, limit=limit, app=app, formation=formation)
    ids = [event.id for event in domain_events]
    cursor = ids[-1] if len(ids) == limit else max([newest, *ids])  # also for a cursor from the future
    return EventPage(events=list(domain_events), cursor=cursor, missed=after < kept_from)


@router.get("/audit")
async def audit(
    server: dependencies.Server,
    _: Administrator,
    only: filters.WhoDidWhat,
    limit: addresses.Limit = 50,
    before: Annotated[
        int | None, Query(ge=0, le=2**62, description="The id of the last item of the page before.")
    ] = None,
) -> list[DomainEvent]:
    """Who did what, the newest first. Filters that are given all have to fit."""
    return list(await server.views.audit(only, limit=limit, before=before))
