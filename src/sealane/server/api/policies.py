"""The operators' policies and limits for a revision that a person rendered on their own machine."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from sealane.environments.grants import Permission
from sealane.environments.waivers import WaivedDecision
from sealane.errors import NotThere
from sealane.findings import Finding
from sealane.records.scopes import Subject
from sealane.server import dependencies
from sealane.server.access import Viewer
from sealane.server.error_responses import raised
from sealane.stencils import submitted

router = APIRouter(prefix="/api", tags=["policies"])


class Rendered(BaseModel):
    """A revision as `sealane vet` renders it, without values of secrets."""

    model_config = ConfigDict(extra="forbid")

    revision: dict[str, Any]


class Vetted(BaseModel):
    """What policies and limits say about it now."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    judged: list[WaivedDecision]
    """Decisions of policies, each with the waiver that applies to it."""
    limits: list[Finding]
    """What exceeds the environment's limits for the app."""


@router.post("/vet", responses=raised(NotThere))
async def vet(given: Rendered, server: dependencies.Server, actor: Viewer) -> Vetted:
    """Tries the environment's policies and limits on a revision. Nothing is stored or deployed."""
    revision = submitted.revision(given.revision)
    await server.membership.place_of(Subject.APP, revision.app, actor)
    actor.require(Permission.DEPLOY, revision.app, revision.environment)
    policy_report = await server.looking.vet(revision)
    return Vetted(judged=list(policy_report.judged), limits=list(policy_report.limits))
