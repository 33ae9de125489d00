"""How a deployment goes, for programs that wait for it; and what calls it off or takes it back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict

from sealane.errors import Conflicting, SealaneError
from sealane.records.deployments import Deployment, DeploymentState
from sealane.records.views import DeploymentView
from sealane.server import addresses, dependencies, streams
from sealane.server.access import Developer, Following, Viewer
from sealane.server.error_responses import raised
from sealane.server.streams import EventStream, TextStream
from sealane.verdicts.model import VerdictKind

router = APIRouter(prefix="/api/deployments/{deployment}", tags=["deployments"])

_LONGEST_WAIT = 60
_CURSOR = "What `cursor` was in the answer before: with it nothing is missed in between."
Cursor = Annotated[int | None, Query(ge=0, le=2**62, description=_CURSOR)]
Source = Literal["all", "timeline", "events", "instances"]


class State(BaseModel):
    """How far a deployment is."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    state: DeploymentState
    ended: bool
    """Whether nothing more will come."""
    verdict: VerdictKind | None
    """How it ended; only `deployed` means that it runs there."""
    reason: str
    """Why, in a sentence; while it goes on, what it waits for."""
    phase: str | None
    """What it does now: `apply`, `watch` …"""
    cursor: int
    """To ask with next."""


@router.get("/state")
async def state(
    deployment: addresses.Deployment,
    server: dependencies.Server,
    _: Viewer,
    again: Following,
    after: Cursor = None,
    wait: Annotated[
        int, Query(ge=0, le=_LONGEST_WAIT, description="Seconds to wait for a change; 0 answers at once.")
    ] = 0,
) -> State:
    """How far it is: at once when it has ended, else when something of it changed, or the time is over."""
    first: State | None = None
    with suppress(TimeoutError):
        async with asyncio.timeout(wait), aclosing(_states(server, deployment, after, changed=wait > 0)) as states:
            first = await anext(states)
    await again()
    return first or await _now(server, deployment, await server.store.outbox.newest())


@router.get("/events", response_class=EventStream)
async def events(
    deployment: addresses.Deployment,
    server: dependencies.Server,
    _: Viewer,
    again: Following,
    last: Annotated[
        int | None, Header(alias="Last-Event-ID", ge=0, le=2**62, description="The last event that was read.")
    ] = None,
) -> Response:
    """Server-sent events: a `state` now and after each change, with the data of `state`. It ends when the deployment has."""
    await server.views.progress(deployment)

    async def body() -> AsyncGenerator[str, None]:
        async with aclosing(_states(server, deployment, last)) as states:
            async for state_now in states:
                yield f"event: state\nid: {state_now.cursor}\ndata: {state_now.model_dump_json()}\n\n"

    return streams.server_sent(streams.with_keep_alive(body()), again)


async def _states(
    server: dependencies.Server, deployment: str, after: int | None, *, changed: bool = False
) -> AsyncGenerator[State, None]:
    """The state now, and after each change, to its end. With `changed` and no cursor, without the state now."""
    newest = await server.store.outbox.newest()
    now = await _now(server, deployment, newest)
    if now.ended:
        yield now
        return
    if changed and after is None:
        after = newest
    async with aclosing(server.followers.follow({f"deployment:{deployment}"}, after=after)) as cursors:
        async for cursor in cursors:
            now = await _now(server, deployment, cursor)
            yield now
            if now.ended:
                return


async def _now(server: dependencies.Server, deployment: str, cursor: int) -> State:
    progress = await server.views.progress(deployment)
    deployment_now = progress.deployment
    waits = deployment_now.waiting_for or "; ".join(condition.what for condition in progress.waiting)
    return State(
        id=deployment_now.id,
        state=deployment_now.state,
        ended=deployment_now.state is DeploymentState.ENDED,
        verdict=deployment_now.verdict_kind,
        reason=deployment_now.verdict.reason if deployment_now.verdict else waits,
        phase=deployment_now.phase,
        cursor=cursor,
    )


@router.get("/logs", response_class=TextStream)
async def logs(
    deployment: addresses.Deployment,
    server: dependencies.Server,
    _: Viewer,
    again: Following,
    source: Annotated[
        Source, Query(description="Only our timeline, the destination's events or instances' logs.")
    ] = "all",
) -> TextStream:
    """What happened, as text: our timeline, and the events and last log lines from the destination.

    Of a failure as they were before anything was taken down, else as they are now; once another deployment is there, nothing.
    """
    view = await server.views.deployment(deployment)
    evidence: Mapping[str, Any] = {}
    trouble = ""
    if source != "timeline":
        try:
            evidence = view.failure_report or await server.looking.evidence(view.deployment, view.observation)
        except SealaneError as error:
            trouble = f"the destination tells nothing: {error}\n"

    async def body() -> AsyncGenerator[str, None]:
        for line in _lines(view, evidence, source):
            yield f"{line}\n"
        if trouble:
            yield trouble

    return TextStream(streams.while_admitted(body(), again))


def _lines(view: DeploymentView, evidence: Mapping[str, Any], source: Source) -> Iterator[str]:
    if source in {"all", "timeline"}:
        for entry in view.timeline:
            yield f"{entry.at:%Y-%m-%dT%H:%M:%SZ} {entry.phase}: {entry.text}"
    if source in {"all", "events"}:
        for event in evidence.get("events", ()):
            yield f"{event['at']} {event['object']} {event['reason']}: {event['message']}"
    if source in {"all", "instances"}:
        for log in evidence.get("logs", ()):
            lines: Sequence[str] = log["lines"]
            yield from (f"{log['object']}/{log['container'] or '-'}  {line}" for line in lines)


@router.post("/abort", status_code=202, responses=raised(Conflicting))
async def abort(deployment: addresses.Deployment, server: dependencies.Server, actor: Developer) -> Deployment:
    """The same as `cancel`: what waits ends, what rolls out is stopped, and the revision before is deployed again."""
    return await server.requests.cancel(deployment, by=actor)


@router.post("/rollback", status_code=202, responses=raised(Conflicting))
async def rollback(deployment: addresses.Deployment, server: dependencies.Server, actor: Developer) -> Deployment:
    """Deploys the revision that was verified before it, if it is what is there now."""
    return await server.requests.roll_back(deployment, by=actor)
