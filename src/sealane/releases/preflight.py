"""Preflight: everything a delivery needs, looked at before the first step of a run.

Each formation is rendered with images nobody has built yet and held against its environment's limits; each of its
secrets must be there. All that is wrong comes back at once. Nothing is written and no value of a secret is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sealane import findings
from sealane.adapters import SHIPPED, Adapters
from sealane.clients.helm import Helm
from sealane.configfiles.trees import Tree
from sealane.environments import limits
from sealane.environments.model import Environment
from sealane.findings import Finding
from sealane.formations.model import Formation
from sealane.pipelines.model import Delivery, Pipeline
from sealane.secrets import resolution
from sealane.secrets.resolution import Stores
from sealane.stencils import chart_rendering, platform, render_inputs, rendering
from sealane.stencils.model import Revision
from sealane.stencils.rendering import Inputs


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedDelivery:
    """One delivery as far as it can be told before anything is built."""

    delivery: Delivery
    formation: Formation
    environment: Environment
    revision: Revision
    admitted: bool
    """Whether the environment's limits let it come. What they keep out is no reason to ask a destination anything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preflight:
    """What was found; `prospects` are the deliveries with nothing wrong in their files."""

    findings: tuple[Finding, ...] = ()
    prospects: tuple[PlannedDelivery, ...] = field(default=())

    @property
    def passes(self) -> bool:
        """Whether nothing stands in the way; warnings don't."""
        return not findings.errors(self.findings)


@dataclass(frozen=True, kw_only=True, slots=True)
class PreflightContext:
    """What is looked with."""

    stores: Stores
    """Those that have the app's secrets."""
    key: bytes = b""
    """Keys the names of Secrets and ConfigMaps."""
    adapters: Adapters = SHIPPED
    helm: Helm = field(default_factory=Helm)
    """Renders charts."""


async def check(
    tree: Tree,
    pipeline: Pipeline,
    deliveries: Sequence[Delivery],
    environments: Mapping[str, Environment],
    context: PreflightContext,
) -> Preflight:
    """Looks at the deliveries of a run that its plan doesn't skip.

    Raises `errors.Unavailable` when a store of secrets doesn't answer.
    """
    findings: list[Finding] = []
    prospects: list[PlannedDelivery] = []
    for delivery in deliveries:
        prospect, problems = await prospect_of(tree, pipeline, delivery, environments, context)
        findings.extend(problems)
        if prospect is not None:
            prospects.append(prospect)
            findings.extend(await _secret_problems(prospect.formation, context.stores))
    return Preflight(findings=tuple(dict.fromkeys(findings)), prospects=tuple(prospects))


async def prospect_of(
    tree: Tree,
    pipeline: Pipeline,
    delivery: Delivery,
    environments: Mapping[str, Environment],
    context: PreflightContext,
) -> tuple[PlannedDelivery | None, list[Finding]]:
    """One delivery rendered without a release and held against the limits; secrets aren't looked at."""
    sources, told = render_inputs.gather(tree, delivery.formation, context.adapters)
    if sources is None:
        return None, told
    formation = sources.formation
    environment, problems = limits.environment_of(formation, environments)
    told.extend(problems)
    images = {image.name: rendering.unbuilt(image.name) for image in pipeline.images}
    kind = environment.kind_of(formation.destination) if environment else platform.CLUSTER
    inputs = Inputs(app=pipeline.app, images=images, key=context.key, kind=kind, adapters=context.adapters)
    revision, problems = await chart_rendering.render(sources, inputs, context.helm)
    told.extend(problems)
    if environment is None:
        return None, told
    kept_out = limits.check(environment, formation, revision, delivery, app=pipeline.app)
    told.extend(kept_out)
    if revision is None:
        return None, told
    planned = PlannedDelivery(
        delivery=delivery,
        formation=formation,
        environment=environment,
        revision=revision,
        admitted=not findings.errors(kept_out),
    )
    return planned, told


async def _secret_problems(formation: Formation, stores: Stores) -> list[Finding]:
    reasons = await resolution.check(formation.secrets, stores)
    problems = [
        Finding(message=f"the secret {name} has no value: {reason}", place=formation.at("secrets", name))
        for name, reason in reasons.items()
    ]
    for index, gate in enumerate(formation.strategy.gates):
        reasons = await resolution.check(gate.references, stores)
        problems += [
            Finding(
                message=f"the {name} of gate {gate.name} has no value: {reason}",
                place=formation.at("strategy", "gates", index),
            )
            for name, reason in reasons.items()
        ]
    for index, told in enumerate(formation.annotations):
        reasons = await resolution.check(told.keys, stores)
        problems += [
            Finding(
                message=f"the {name} of annotation {told.name} has no value: {reason}",
                place=formation.at("hooks", "annotate", index),
            )
            for name, reason in reasons.items()
        ]
    return problems
