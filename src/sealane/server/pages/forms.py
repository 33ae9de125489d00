"""Actions on pages: plain forms, which lead to the page with the result."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from sealane.errors import UsageError
from sealane.server import dependencies, fields
from sealane.server.access import Signed, SignedDeveloper
from sealane.workflows.release_requests import Given

router = APIRouter(include_in_schema=False)


@router.post("/runs/{run}/cancel")
async def cancel_run(run: str, server: dependencies.Server, signed: SignedDeveloper) -> Response:
    """Ends a run."""
    await server.requests.cancel_run(run, by=signed.actor)
    return RedirectResponse(f"/runs/{run}", status_code=303)


@router.post("/runs/{run}/erase-logs")
async def erase_logs(run: str, server: dependencies.Server, signed: SignedDeveloper) -> Response:
    """Erases the output of its steps."""
    await server.requests.erase_logs(run, by=signed.actor)
    return RedirectResponse(f"/runs/{run}", status_code=303)


@router.post("/runs/{run}/rerun")
async def rerun(run: str, server: dependencies.Server, signed: SignedDeveloper) -> Response:
    """Runs the same commit again."""
    return RedirectResponse(f"/runs/{await server.requests.rerun(run, by=signed.actor)}", status_code=303)


@router.post("/deployments/{deployment}/cancel")
async def cancel(deployment: str, server: dependencies.Server, signed: SignedDeveloper) -> Response:
    """Cancels a deployment, or stops a rollout."""
    await server.requests.cancel(deployment, by=signed.actor)
    return RedirectResponse(f"/deployments/{deployment}", status_code=303)


@router.post("/deployments/{deployment}/drift")
@router.post("/deployments/{deployment}/rerun")
async def deploy_again(deployment: str, server: dependencies.Server, signed: SignedDeveloper) -> Response:
    """Deploys the same revision again; if it is the current one, that corrects its drift."""
    earlier = (await server.views.deployment(deployment)).deployment
    made = await server.requests.deploy(earlier.app, earlier.formation, revision=earlier.revision_id, by=signed.actor)
    return RedirectResponse(f"/deployments/{made.id}", status_code=303)


@router.post("/deployments/{deployment}/rollback")
async def roll_back(deployment: str, server: dependencies.Server, signed: SignedDeveloper) -> Response:
    """Rolls back to the revision that was verified before this one."""
    earlier = (await server.views.deployment(deployment)).deployment
    made = await server.requests.rollback(earlier.app, earlier.formation, to=None, by=signed.actor)
    return RedirectResponse(f"/deployments/{made.id}", status_code=303)


@router.post("/deployments/{deployment}/release-hold")
async def lift_hold(deployment: str, server: dependencies.Server, signed: SignedDeveloper) -> Response:
    """Lifts the hold of a formation."""
    earlier = (await server.views.deployment(deployment)).deployment
    await server.requests.lift_hold(earlier.app, earlier.formation, by=signed.actor, reason="lifted on its page")
    return RedirectResponse(f"/deployments/{deployment}", status_code=303)


@router.post("/approvals/{deployment}")
async def approve(deployment: str, server: dependencies.Server, signed: Signed) -> Response:
    """Approves it."""
    await server.approvals.approve(deployment, by=signed.actor)
    return RedirectResponse(f"/deployments/{deployment}", status_code=303)


@router.post("/approvals/{deployment}/decline")
async def decline(deployment: str, server: dependencies.Server, signed: Signed) -> Response:
    """Declines it."""
    await server.approvals.reject(deployment, by=signed.actor)
    return RedirectResponse("/approvals", status_code=303)


@router.post("/deployments/{deployment}/gates/{gate}")
async def say(
    deployment: str,
    gate: str,
    server: dependencies.Server,
    signed: SignedDeveloper,
    word: Annotated[Literal["pass", "fail"], Form()],
    reason: Annotated[fields.Reason, Form()] = "",
) -> Response:
    """Answers an inconclusive gate."""
    await server.speaking.say(deployment, gate, passes=word == "pass", by=signed.actor, reason=reason)
    return RedirectResponse(f"/deployments/{deployment}", status_code=303)


@router.post("/deployments/{deployment}/break-glass")
async def break_glass(
    deployment: str, server: dependencies.Server, signed: Signed, reason: Annotated[fields.Reason, Form()] = ""
) -> Response:
    """Lets it begin outside its window; the operators decide who may."""
    await server.glass.break_it(deployment, by=signed.actor, reason=reason)
    return RedirectResponse(f"/deployments/{deployment}", status_code=303)


@router.post("/deployments/{deployment}/delete")
async def delete(
    deployment: str, server: dependencies.Server, signed: SignedDeveloper, typed: Annotated[str, Form()] = ""
) -> Response:
    """Deploys the current revision again, with a confirmation to delete the objects that the budget left in place."""
    earlier = (await server.views.deployment(deployment)).deployment
    if typed.strip() != earlier.label:
        raise UsageError(f"{typed.strip() or 'nothing'} was typed", hint=f"type {earlier.label} to delete what it left")
    made = await server.requests.deploy(
        earlier.app, earlier.formation, revision=earlier.revision_id, given=Given(confirmed=True), by=signed.actor
    )
    return RedirectResponse(f"/deployments/{made.id}", status_code=303)
