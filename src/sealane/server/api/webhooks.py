"""Webhooks of git hosts: signed with the app's secret, answered once the event is stored."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from sealane import clock, composition
from sealane.adapters import SHIPPED
from sealane.errors import NotSignedIn, NotThere, UnknownType
from sealane.events.model import RefGone
from sealane.events.sources import webhooks
from sealane.events.sources.port import GitHost
from sealane.events.sources.webhooks import Ignored, Read
from sealane.records.apps import App
from sealane.server import addresses, dependencies, openapi, signatures
from sealane.server.error_responses import raised

router = APIRouter(prefix="/hooks", tags=["webhooks"])


class Received(BaseModel):
    """The result of a webhook, or of one reference in it."""

    run: str | None = Field(default=None, description="The run it started, or had started before.")
    duplicate: bool = Field(default=False, description="Whether it had come before; then it starts nothing.")
    left_out: str | None = Field(default=None, description="Why its run does not begin, and how to run it after all.")
    ignored: str | None = Field(default=None, description="Why it starts nothing.")


class ReceivedAll(Received):
    """What became of a webhook: of the first reference that it tells of, and of the others."""

    others: list[Received] = Field(default=[], description="The results of the others, in the message's order.")


@router.post(
    "/{source}/{app}",
    status_code=202,
    responses=raised(NotSignedIn, NotThere, UnknownType),
    openapi_extra=openapi.signed_by(openapi.SIGNATURE),
)
async def receive(
    source: Annotated[
        str, Path(description="The kind of git host.", json_schema_extra={"enum": list(SHIPPED.git_hosts.keys)})
    ],
    app: addresses.App,
    request: Request,
    server: dependencies.OpenServer,
) -> ReceivedAll:
    """Takes one webhook. It is believed only with a proof by the app's webhook secret: a signature, or GitLab's token."""
    host = server.adapters.git_hosts.get(source, GitHost)
    headers = {name.lower(): value for name, value in request.headers.items()}
    body, received = await request.body(), clock.now()
    message = signatures.with_any(
        await server.apps.hook_secrets(app),
        lambda secret: host.read(app, headers, body, secret=secret, received=received),
    )
    registered = await server.apps.get(app)
    another = None if registered.hosted else webhooks.of_another(message.repository, registered.repository)
    first, *others = [
        Received(ignored=another)
        if another and not isinstance(read, Ignored)
        else await _take(server, registered, read, source=source, message=_digest(body, place) if host.dated else None)
        for place, read in enumerate(message.changes)
    ]
    return ReceivedAll(**first.model_dump(), others=others)


def _digest(body: bytes, place: int) -> str:
    """Identifies a part of a message that is sent again; the signature covers the body."""
    return hashlib.sha256(body + (f"/{place}".encode() if place else b"")).hexdigest()


async def _take(server: composition.Server, app: App, read: Read, *, source: str, message: str | None) -> Received:
    if isinstance(read, RefGone):
        await server.intake.forget(read, source=source, message=message)
    if isinstance(read, RefGone | Ignored):
        return Received(ignored=read.reason)
    event = dependencies.of_app(read, app, server)
    receipt = await server.intake.receive(event, source=source, message=message)
    return Received(run=receipt.run_id, duplicate=receipt.duplicate, left_out=receipt.left_out)
