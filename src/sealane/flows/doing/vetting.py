"""Vetting on the server: policies with the operators' waivers, off the event loop."""

from __future__ import annotations

import asyncio

from sealane.environments import waiving
from sealane.environments.model import Environment
from sealane.findings import Finding
from sealane.flows import tools
from sealane.policies import packs, vetting
from sealane.policies.model import Decision, Effect, Facts
from sealane.releases.preflight import Prospect
from sealane.stencils.model import Revision
from sealane.stencils.rendering import UNBUILT


async def decisions(environment: Environment, revision: Revision) -> list[Decision]:
    """What the environment's policies say about the revision and no waiver takes away."""
    return await asyncio.to_thread(_decisions, environment, revision)


async def denials(prospect: Prospect) -> list[Finding]:
    """What is denied before anything is built. What is said about images that are not there yet is left for later."""
    found = await decisions(prospect.environment, prospect.revision)
    early = (each for each in found if each.effect is Effect.DENY and UNBUILT not in each.message)
    return [each.finding for each in early]


def _decisions(environment: Environment, revision: Revision) -> list[Decision]:
    limits = environment.apps.get(revision.app)
    facts = Facts(
        environment=environment.name,
        production=environment.production,
        namespace=revision.namespace,
        app=revision.app,
        formation=revision.formation,
        registries=limits.registries if limits else (),
    )
    config = tools.current().settings.config_folder
    policies = [policy for pack in environment.policies.packs for policy in packs.load(pack, config)]
    judged = waiving.judge(
        vetting.vet(revision.everything, policies, facts),
        environment.policies.waivers,
        app=revision.app,
        today=tools.current().now().date(),
    )
    return waiving.standing(judged)
