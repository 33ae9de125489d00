"""Policies on the server: applied with the operators' waivers, off the event loop."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sealane.environments import limits, waivers
from sealane.environments.model import Environment
from sealane.environments.waivers import WaivedDecision
from sealane.findings import Finding, Place, did_you_mean
from sealane.policies import engines, locations, packs
from sealane.policies.model import Decision, Effect, Facts
from sealane.releases.preflight import PlannedDelivery
from sealane.stencils.model import Revision
from sealane.stencils.rendering import UNBUILT
from sealane.workflows.context import Tools


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyReport:
    """All decisions about a revision, waived ones included."""

    judged: tuple[WaivedDecision, ...] = ()
    limits: tuple[Finding, ...] = ()


async def tried(tools: Tools, revision: Revision) -> PolicyReport:
    """The result of policies and limits for a revision now. Raises InvalidFiles, NotThere for the operators' files."""
    environments = tools.environments()
    environment = environments.get(revision.environment)
    if environment is None:
        message = f"there is no environment {revision.environment}"
        place = Place(file=f"deploy/formations/{revision.formation}.yaml")
        missing = Finding(message=message, place=place, hint=did_you_mean(revision.environment, environments))
        return PolicyReport(limits=(missing,))
    config, today = _now(tools)
    judged = await asyncio.to_thread(_judged, environment, revision, config=config, today=today)
    return PolicyReport(judged=tuple(judged), limits=tuple(limits.check_stored(environment, revision)))


async def decisions(tools: Tools, environment: Environment, revision: Revision) -> list[Decision]:
    """The unwaived decisions of the environment's policies about the revision."""
    config, today = _now(tools)
    return await asyncio.to_thread(standing, environment, revision, config=config, today=today)


async def denials(tools: Tools, prospect: PlannedDelivery) -> list[Finding]:
    """The denials before anything is built. Decisions about images that are not built yet are left for later."""
    decided = await decisions(tools, prospect.environment, prospect.revision)
    early = (
        decision
        for decision in decided
        if decision.effect is Effect.DENY and not on_unbuilt(decision, prospect.revision)
    )
    return [decision.finding for decision in early]


def on_unbuilt(decision: Decision, revision: Revision) -> bool:
    """Whether it is about an image that is not built: one of its fields holds it, or the policy's own text names it."""
    if not decision.fields:
        return f"@{UNBUILT}" in decision.message
    for rendered in revision.everything:
        if (rendered.kind, rendered.namespace, rendered.name) == dataclasses.astuple(decision.subject):
            paths = (locations.resolve(field.path, rendered.object) for field in decision.fields)
            return any(str(_value(rendered.object, path)).endswith(f"@{UNBUILT}") for path in paths)
    return False


def _value(manifest: Any, path: Sequence[str | int]) -> Any:
    return _value(manifest[path[0]], path[1:]) if path else manifest


def _now(tools: Tools) -> tuple[Path, date]:
    return tools.settings.config_folder, tools.now().date()


def standing(environment: Environment, revision: Revision, *, config: Path, today: date) -> list[Decision]:
    """As `decisions`, without a server; `config` is the folder of the operators' files."""
    return waivers.standing(_judged(environment, revision, config=config, today=today))


def _judged(environment: Environment, revision: Revision, *, config: Path, today: date) -> list[WaivedDecision]:
    known = environment.apps.get(revision.app)
    facts = Facts(
        environment=environment.name,
        production=environment.production,
        namespace=revision.namespace,
        app=revision.app,
        formation=revision.formation,
        registries=known.registries if known else (),
    )
    tables = environment.adapters
    policies = [policy for pack in environment.policies.packs for policy in packs.load(pack, config, tables)]
    return waivers.judge(
        engines.vet(revision.everything, policies, facts, tables),
        environment.policies.waivers,
        app=revision.app,
        today=today,
    )
