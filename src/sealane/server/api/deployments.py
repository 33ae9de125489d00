"""Deployments: their story, verdict and evidence, and the approvals they wait for."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from sealane.approvals.explanation import ProgressView
from sealane.errors import Conflicting
from sealane.records.deployments import Deployment
from sealane.records.views import ApprovalView, DeploymentView
from sealane.server import addresses, dependencies, fields, filters
from sealane.server.access import Developer, Viewer
from sealane.server.error_responses import raised

router = APIRouter(prefix="/api", tags=["deployments"])


class Comment(BaseModel):
    """A comment on an approval or a refusal."""

    model_config = ConfigDict(extra="forbid")

    comment: fields.Comment = ""


class Reason(BaseModel):
    """Why the glass is broken; shown with the deployment and in the audit."""

    model_config = ConfigDict(extra="forbid")

    reason: fields.Reason


@router.get("/deployments")
async def list_deployments(
    server: dependencies.Server,
    _: Viewer,
    only: filters.DeploymentFilter,
    limit: addresses.Limit = 50,
    before: addresses.Before = None,
) -> list[Deployment]:
    """Deployments, the newest first. Filters that are given all have to fit."""
    return list(await server.views.deployments(only, limit=limit, before=before))


@router.get("/deployments/{deployment}")
async def get(deployment: addresses.Deployment, server: dependencies.Server, _: Viewer) -> DeploymentView:
    """One deployment with its timeline, verdict and failure report."""
    return await server.views.deployment(deployment)


@router.get("/deployments/{deployment}/progress")
async def progress(deployment: addresses.Deployment, server: dependencies.Server, _: Viewer) -> ProgressView:
    """How far it is: its story, what was seen of it last and what it waits for. Small enough to be asked often."""
    return await server.views.progress(deployment)


@router.get("/approvals")
async def approvals(server: dependencies.Server, _: Viewer) -> list[ApprovalView]:
    """Deployments that wait for people."""
    return list(await server.views.approvals_waiting())


@router.post("/deployments/{deployment}/approve", responses=raised(Conflicting))
async def approve(
    deployment: addresses.Deployment, comment: Comment, server: dependencies.Server, actor: Viewer
) -> Deployment:
    """Says yes to the revision as it is now. Who asked for it, or isn't in the groups asked, is refused."""
    return await server.approvals.approve(deployment, by=actor, comment=comment.comment)


@router.post("/deployments/{deployment}/reject", responses=raised(Conflicting))
async def reject(
    deployment: addresses.Deployment, comment: Comment, server: dependencies.Server, actor: Viewer
) -> Deployment:
    """Says no; the deployment is cancelled."""
    return await server.approvals.reject(deployment, by=actor, comment=comment.comment)


@router.post("/deployments/{deployment}/cancel", status_code=202, responses=raised(Conflicting))
async def cancel(deployment: addresses.Deployment, server: dependencies.Server, actor: Developer) -> Deployment:
    """Calls it off. What waits ends as cancelled; what rolls out stops, and the revision before is deployed again."""
    return await server.requests.cancel(deployment, by=actor)


@router.post("/deployments/{deployment}/rerun", status_code=202)
async def rerun(deployment: addresses.Deployment, server: dependencies.Server, actor: Developer) -> Deployment:
    """Deploys the same revision again. It passes limits, policies and approvals like any other."""
    earlier = (await server.views.deployment(deployment)).deployment
    return await server.requests.deploy(earlier.app, earlier.formation, revision=earlier.revision_id, by=actor)


@router.post("/deployments/{deployment}/break-glass", responses=raised(Conflicting))
async def break_glass(
    deployment: addresses.Deployment, why: Reason, server: dependencies.Server, actor: Viewer
) -> Deployment:
    """Lets it begin though its window is shut. Only people of the groups that the environment's file names may."""
    return await server.glass.break_it(deployment, by=actor, reason=why.reason)
