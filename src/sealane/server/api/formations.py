"""Formations: what runs where, and why something does not continue."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from sealane import clock, inputs
from sealane.errors import Conflicting
from sealane.records.deployments import Deployment
from sealane.records.views import FormationRow, ObservedRow
from sealane.releases import changes
from sealane.server import addresses, dependencies, fields, streams
from sealane.server.access import Developer, Following, Viewer
from sealane.server.error_responses import raised
from sealane.server.streams import TextStream
from sealane.stencils.model import Rendered
from sealane.store.views import Explanation
from sealane.workflows.live_queries import LogQuery
from sealane.workflows.operations import MOST_INSTANCES
from sealane.workflows.release_requests import Given

router = APIRouter(prefix="/api", tags=["formations"])


_AT = (
    "The number or id of a deployment, the id or deploy tag of a release, or the id of a revision or its beginning;"
    " what is there now when left out."
)


class Deploy(BaseModel):
    """What to deploy; the newest release of the app when left out."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    release: fields.Reference | None = None
    """A release's id or its deploy tag."""
    revision: fields.Reference | None = None
    """A revision's id, to deploy exactly that again."""
    confirmed: bool = False
    """Confirms deletions beyond the environment's delete budget, and of objects that hold data."""
    adopt: bool = False
    """Takes over existing objects that no labels claim."""
    break_glass: fields.Reason | None = None
    """Why it should begin although the environment's window is shut; only members of the groups named there may."""


class Rollback(BaseModel):
    """Where to roll back to; the last verified revision before the present one when left out."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    to: fields.Reference | None = None
    """A revision's id or its beginning, or a deployment's number or id."""


class Scale(BaseModel):
    """A workload's new number of instances."""

    model_config = ConfigDict(extra="forbid")

    workload: fields.Reference
    replicas: int = Field(json_schema_extra={"minimum": 0, "maximum": MOST_INSTANCES})


class Restart(BaseModel):
    """Which workload."""

    model_config = ConfigDict(extra="forbid")

    workload: fields.Reference


class Lift(BaseModel):
    """Why a hold is lifted; kept in the audit."""

    model_config = ConfigDict(extra="forbid")

    reason: fields.Reason


@router.get("/formations")
async def overview(server: dependencies.Server, _: Viewer) -> list[FormationRow]:
    """Every app's formations: what is there, since when, what is on its way and what holds it up."""
    return list(await server.views.overview())


@router.get("/observed")
async def observed(server: dependencies.Server, _: Viewer) -> list[ObservedRow]:
    """What others deploy, as operators' files name it: its version and how it fares."""
    return list(await server.store.observed.all(clock.now(), server.scope))


@router.post("/formations/{app}/{formation}/deploy", status_code=202)
async def deploy(
    app: addresses.App, formation: addresses.Formation, wish: Deploy, server: dependencies.Server, actor: Developer
) -> Deployment:
    """Deploys a release or revision. It passes policies and approvals like any other."""
    given = Given(confirmed=wish.confirmed, adopt=wish.adopt, break_glass=wish.break_glass)
    return await server.requests.deploy(
        app, formation, release=wish.release, revision=wish.revision, given=given, by=actor
    )


@router.post("/formations/{app}/{formation}/rollback", status_code=202, responses=raised(Conflicting))
async def rollback(
    app: addresses.App, formation: addresses.Formation, where: Rollback, server: dependencies.Server, actor: Developer
) -> Deployment:
    """Deploys a revision that was verified before."""
    return await server.requests.rollback(app, formation, to=where.to, by=actor)


@router.post("/formations/{app}/{formation}/scale", status_code=202, responses=raised(Conflicting))
async def scale(
    app: addresses.App, formation: addresses.Formation, how: Scale, server: dependencies.Server, actor: Developer
) -> Deployment:
    """Deploys what is there with another number of instances."""
    return await server.requests.scale(app, formation, how.workload, how.replicas, by=actor)


@router.post("/formations/{app}/{formation}/restart", status_code=202, responses=raised(Conflicting))
async def restart(
    app: addresses.App, formation: addresses.Formation, wish: Restart, server: dependencies.Server, actor: Developer
) -> Deployment:
    """Deploys what is there so that all instances of a workload are made anew."""
    return await server.requests.restart(app, formation, wish.workload, by=actor)


@router.post("/formations/{app}/{formation}/lift-hold", status_code=204)
async def lift_hold(
    app: addresses.App, formation: addresses.Formation, why: Lift, server: dependencies.Server, actor: Developer
) -> None:
    """Lets releases go out again that a failure holds up."""
    await server.requests.lift_hold(app, formation, by=actor, reason=why.reason)


class RenderedObject(BaseModel):
    """One object, and where it was written."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    object: dict[str, Any]
    """As it is applied; values of secrets are hidden."""
    file: str
    line: int
    column: int
    """0 where only the file is known, as the line."""


class Manifests(BaseModel):
    """What was rendered for a formation."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    app: str
    formation: str
    environment: str
    destination: str
    namespace: str
    revision: str
    release: str | None
    deployment: str | None
    """The deployment that it was rendered for."""
    objects: list[RenderedObject]


@router.get("/formations/{app}/{formation}/manifests")
async def manifests(
    app: addresses.App,
    formation: addresses.Formation,
    server: dependencies.Server,
    _: Viewer,
    at: Annotated[str, Query(max_length=inputs.LONGEST_LINE, description=_AT)] = "",
) -> Manifests:
    """The manifests of what is there, or was rendered for it earlier, as they were stored."""
    row, revision = await server.views.rendered(app, f"{formation}@{at}" if at else formation)
    deployment = row.current
    return Manifests(
        app=app,
        formation=formation,
        environment=revision.environment,
        destination=revision.destination,
        namespace=revision.namespace,
        revision=revision.id,
        release=deployment.release_id if deployment else None,
        deployment=deployment.id if deployment else None,
        objects=[_rendered_object(rendered) for rendered in revision.everything],
    )


def _rendered_object(rendered: Rendered) -> RenderedObject:
    place = rendered.origin.place()
    shown = dict(changes.without_values(rendered.object))
    return RenderedObject(object=shown, file=place.file, line=place.line, column=place.column)


class DriftedField(BaseModel):
    """A field that Sealane sets and somebody changed."""

    path: str
    now: Any
    deployed: Any
    manager: str | None
    """Who set it, as the cluster knows them."""
    at: datetime | None


class DriftedObject(BaseModel):
    """An object that differs from what was deployed."""

    object: str
    kind: Literal["changed", "gone", "taken", "left", "refused", "output"]
    note: str
    fields: list[DriftedField]


class Drift(BaseModel):
    """What somebody changed since the last good deployment."""

    formation: str
    revision: str
    drifted: bool
    fixable: bool
    """Whether deploying the same revision again would change any of it."""
    objects: list[DriftedObject]


@router.get("/formations/{app}/{formation}/drift", responses=raised(Conflicting))
async def drift(app: addresses.App, formation: addresses.Formation, server: dependencies.Server, _: Viewer) -> Drift:
    """Asks the destination what is not as it was deployed; only fields that Sealane sets are compared."""
    return Drift.model_validate((await server.looking.drift(app, formation)).to_json())


def _lines(
    of: Annotated[
        str | None,
        Query(
            alias="object",
            max_length=2 * inputs.LONGEST_LINE,
            description="Only this workload, or this pod of one: `Deployment/web`, `Pod/web-1`.",
        ),
    ] = None,
    container: Annotated[
        str | None, Query(max_length=inputs.LONGEST_LINE, description="Only containers of this name.")
    ] = None,
    find: Annotated[
        str | None,
        Query(max_length=inputs.LONGEST_LINE, description="Only lines that contain this text, in any case."),
    ] = None,
    tail: Annotated[int, Query(ge=0, le=10_000, description="How many earlier lines of each container.")] = 50,
    *,
    follow: Annotated[bool, Query(description="Goes on as more is printed.")] = False,
) -> LogQuery:
    return LogQuery(of=of, container=container, find=find, lines=tail, follow=follow)


@router.get("/formations/{app}/{formation}/logs", response_class=TextStream, responses=raised(Conflicting))
async def logs(
    app: addresses.App,
    formation: addresses.Formation,
    server: dependencies.Server,
    _: Viewer,
    again: Following,
    asked: Annotated[LogQuery, Depends(_lines)],
) -> TextStream:
    """What runs there now prints, as `pod/container  line`."""
    lines = await server.looking.tail(app, formation, asked)

    async def body() -> AsyncGenerator[str, None]:
        async for line in lines:
            yield f"{line}\n"

    return TextStream(streams.while_admitted(body(), again), headers=streams.LIVE)


@router.get("/why/{what:path}")
async def why(what: addresses.Subject, server: dependencies.Server, _: Viewer) -> Explanation:
    """Why a run, a deployment, `app/formation` or an app's newest run failed or does not move, and who or what fixes that."""
    return await server.views.why(what)
