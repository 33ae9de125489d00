"""Gates: people's answers to inconclusive ones, and the alerts that other programs send."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from sealane import clock
from sealane.errors import Conflicting, NotSignedIn, NotThere, UnknownType
from sealane.events import alerts
from sealane.records.deployments import GateWord
from sealane.server import addresses, dependencies, fields, openapi, signatures
from sealane.server.access import Developer, Keeper
from sealane.server.error_responses import raised

router = APIRouter(tags=["gates"])


class GateAnswer(BaseModel):
    """What an inconclusive gate counts as."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    passes: bool
    """Whether the deployment goes on; otherwise the gate has failed."""
    reason: fields.Reason = ""
    """The reason, kept in the audit."""


class Received(BaseModel):
    """The result of a message with alerts."""

    alerts: int = Field(description="How many of its alerts fire.")
    new: int = Field(description="How many of them are new.")


class AlertToken(BaseModel):
    """What senders of alerts that can't sign send as `Authorization: Bearer TOKEN`, and where to."""

    token: str
    url: str


@router.post("/api/deployments/{deployment}/gates/{gate}", responses=raised(Conflicting))
async def say(
    deployment: addresses.Deployment,
    gate: addresses.Gate,
    word: GateAnswer,
    server: dependencies.Server,
    actor: Developer,
) -> GateWord:
    """Says how to take an inconclusive gate. The first word counts."""
    return await server.speaking.say(deployment, gate, passes=word.passes, by=actor, reason=word.reason)


@router.get("/api/apps/{app}/alert-token")
async def alert_token(app: addresses.App, server: dependencies.Server, _: Keeper) -> AlertToken:
    """The token for senders of alerts; it follows from the app's hook secret and is void with it."""
    secret = await server.apps.hook_secret(app)
    return AlertToken(token=alerts.token(secret), url=f"{server.settings_url}/hooks/alerts/{app}/FORMATION")


@router.post(
    "/hooks/alerts/{app}/{formation}",
    status_code=202,
    responses=raised(NotSignedIn, NotThere, UnknownType),
    openapi_extra=openapi.signed_by(openapi.SIGNATURE, openapi.ALERT_TOKEN),
)
async def receive(
    app: addresses.App,
    formation: addresses.Formation,
    request: Request,
    server: dependencies.OpenServer,
) -> Received:
    """Takes alerts. They are believed only with a signature made with the app's webhook secret, or the alert token."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    body, at = await request.body(), clock.now()
    came = signatures.with_any(
        await server.apps.hook_secrets(app), lambda secret: alerts.read(headers, body, secret=secret, received=at)
    )
    await server.store.formations.get(app, formation)
    new = await server.store.alerts.receive(app, formation, came, at=at)
    return Received(alerts=len(came), new=new)
