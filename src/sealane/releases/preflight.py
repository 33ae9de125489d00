"""Preflight: checks everything that a delivery needs before the first step of a run.

Each formation is rendered with placeholder images and checked against its environment's limits; each of its secrets
must exist. All findings come back at once. Nothing is written and no value of a secret is kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sealane import findings
from sealane.adapters import SHIPPED, Adapters
from sealane.clients.git_bases import NOWHERE, Bases
from sealane.clients.helm import Helm
from sealane.configfiles.trees import Tree
from sealane.environments import limits
from sealane.environments.model import Environment
from sealane.findings import Finding
from sealane.formations import output_references
from sealane.formations.model import Formation
from sealane.pipelines.model import Delivery, Pipeline
from sealane.secrets import resolution
from sealane.secrets.resolution import Stores
from sealane.stencils import base_trees, output_formations, render_inputs, rendering
from sealane.stencils.model import Revision
from sealane.stencils.output_formations import OutputValues
from sealane.stencils.rendering import Inputs

OutputLookup = Callable[[Formation, Tree, Environment | None], Awaitable[OutputValues]]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedDelivery:
    """One delivery, as far as it is known before anything is built."""

    delivery: Delivery
    formation: Formation
    environment: Environment
    revision: Revision
    admitted: bool
    """Whether the environment's limits allow it. If they don't, no destination is asked."""
    complete: bool = True
    """Whether outputs of other formations in it are known; if not, nobody is asked about it beforehand."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preflight:
    """The findings; `prospects` are the deliveries whose files are valid."""

    findings: tuple[Finding, ...] = ()
    prospects: tuple[PlannedDelivery, ...] = field(default=())

    @property
    def passes(self) -> bool:
        """Whether there is no error; warnings don't count."""
        return not findings.errors(self.findings)


@dataclass(frozen=True, kw_only=True, slots=True)
class PreflightContext:
    """What the check needs."""

    stores: Stores
    """Those that have the app's secrets."""
    key: bytes = b""
    """Keys the names of Secrets and ConfigMaps."""
    adapters: Adapters = SHIPPED
    helm: Helm = field(default_factory=Helm)
    """Renders charts."""
    outputs: OutputLookup | None = None
    """Looks up outputs of other formations; None where there are none to be had."""
    bases: Bases = NOWHERE
    """Where files of other repositories come from."""


async def check(
    tree: Tree,
    pipeline: Pipeline,
    deliveries: Sequence[Delivery],
    environments: Mapping[str, Environment],
    context: PreflightContext,
) -> Preflight:
    """Checks the deliveries of a run that its plan doesn't skip.

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
    """One delivery, rendered without a release and checked against the limits; secrets aren't checked."""
    tree, all_problems = await base_trees.based(tree, delivery.formation, context.bases, context.adapters)
    if findings.errors(all_problems):
        return None, all_problems
    sources, all_problems = render_inputs.gather(tree, delivery.formation, context.adapters)
    if sources is None:
        return None, all_problems
    formation = sources.formation
    environment, problems = limits.environment_of(formation, environments)
    all_problems.extend(problems)
    images = {image.name: rendering.unbuilt(image.name) for image in pipeline.images}
    kind = environment.kind_of(formation.destination) if environment else None
    inputs = Inputs(app=pipeline.app, images=images, key=context.key, kind=kind, adapters=context.adapters)
    values = OutputValues()
    if context.outputs is not None and output_references.of(formation):
        values = await context.outputs(formation, tree, environment)
    all_problems.extend(values.wrong)
    revision, problems = await output_formations.render(sources, inputs, values, context.helm)
    all_problems.extend(problems)
    if environment is None:
        return None, all_problems
    kept_out = limits.check(environment, formation, revision, delivery, app=pipeline.app)
    all_problems.extend(kept_out)
    if revision is None:
        return None, all_problems
    planned = PlannedDelivery(
        delivery=delivery,
        formation=formation,
        environment=environment,
        revision=revision,
        admitted=not findings.errors(kept_out),
        complete=not values.problems,
    )
    return planned, all_problems


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
    for index, annotation in enumerate(formation.annotations):
        reasons = await resolution.check(annotation.keys, stores)
        problems += [
            Finding(
                message=f"the {name} of annotation {annotation.name} has no value: {reason}",
                place=formation.at("hooks", "annotate", index),
            )
            for name, reason in reasons.items()
        ]
    return problems
