"""Targets from revisions. An immutable Secret that still exists is not written again: its name tells its content."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sealane.deployments import finished_work, secret_merge
from sealane.deployments.model import Target
from sealane.destinations.model import Identity, Inventory
from sealane.destinations.port import Destination
from sealane.destinations.stages import Shape, Survey, has_stages
from sealane.secrets.values import SecretValue
from sealane.stencils.model import Rendered, Revision
from sealane.verdicts import evaluate, stability

Values = Callable[[], Awaitable[Mapping[str, SecretValue]]]
"""Resolves the revision's secrets; called only inside the applying step, and not if the Secret exists already."""


async def target(
    revision: Revision,
    destination: Destination,
    *,
    sequence: int,
    startup: timedelta | None,
    values: Values,
    finished: Sequence[str] = (),
) -> Target:
    """The target for deploying the revision under a sequence number.

    `startup` is that of the last verified revision, for the default of patience; `finished` is the revision's work that
    had ended whenever it was verified.
    """
    secret_object = await secret_there(revision, destination)

    async def objects() -> Sequence[Mapping[str, Any]]:
        if secret_object:
            return secret_merge.without_secret(revision)
        return secret_merge.join(revision, await values() if revision.secrets else {}, destination)

    return Target(
        identity=Identity(
            app=revision.app,
            formation=revision.formation,
            namespace=revision.namespace,
            revision=revision.id,
            release=revision.release or "",
            sequence=sequence,
        ),
        objects=objects,
        kept=secret_object,
        made=destination.provides([rendered.object for rendered in revision.objects]),
        manifests=tuple(rendered.object for rendered in revision.objects),
        origins={rendered.key: rendered.origin for rendered in revision.objects},
        shape=Shape(strategy=revision.strategy),
        shaper=destination.in_stages,
        health=revision.health,
        healthy_for=revision.strategy.healthy_for,
        patience=evaluate.patience(revision.strategy.patience, startup),
        deadline=revision.strategy.deadline,
        finished=tuple(finished),
        guard=guard(revision),
    )


async def to_look_at(revision: Revision, destination: Destination, *, finished: Sequence[str] | None = None) -> Target:
    """The target for comparing a verified revision with what is there. It is never written, so no secret is resolved.

    `finished` is its work that had ended when it was verified; None: nobody noted it, so all its work had.
    """
    if finished is None:
        finished = finished_work.before_it_was_kept(destination, (rendered.object for rendered in revision.objects))
    return await target(revision, destination, sequence=0, startup=None, values=_no_values, finished=finished)


async def _no_values() -> Mapping[str, SecretValue]:
    return {}


def namespace_of(revision: Revision) -> list[Mapping[str, Any]]:
    """The formation's own namespace, where it is among the objects: it comes before everything else."""
    return [
        rendered.object
        for rendered in revision.objects
        if (rendered.kind, rendered.name) == ("Namespace", revision.namespace)
    ]


def guard(revision: Revision) -> stability.StabilityRules | None:
    """The rules of the revision's guard."""
    configured = revision.strategy.guard
    return (
        stability.StabilityRules(restarts=configured.restarts, flaps=configured.flaps)
        if configured.restarts or configured.flaps
        else None
    )


async def survey(
    destination: Destination,
    target: Target,
    previous: Target | None,
    stored: Inventory = (),
    *,
    as_it_serves: bool = False,
) -> Survey:
    """What is there before the first write, as far as both strategies need it."""
    forward, _ = shaped(target, previous, {})
    return await destination.survey(
        target.manifests, forward.shape, identity=target.identity, stored=stored, as_it_serves=as_it_serves
    )


def shaped(target: Target, previous: Target | None, survey: Survey) -> tuple[Target, Target | None]:
    """Both targets, shaped by their strategies from what was there when the deployment began."""
    strategy = target.shape.strategy
    staged = has_stages(strategy) or (previous is not None and has_stages(previous.shape.strategy))
    before = previous.manifests if previous else ()
    forward = replace(target, shape=Shape(strategy=strategy, survey=survey, staged=staged, before=before))
    if previous is None:
        return forward, None
    back = Shape(strategy=previous.shape.strategy, survey=survey, back=True, staged=staged, before=target.manifests)
    return forward, replace(previous, shape=back)


async def secret_there(revision: Revision, destination: Destination) -> Inventory:
    """The object of the revision's secrets, if it exists at the destination."""
    wanted = [rendered.object for rendered in revision.objects if revision.holds_secrets(rendered)]
    if not wanted:
        return ()
    refs = await destination.refs(wanted, namespace=revision.namespace)
    return refs if await destination.read(refs) else ()


async def configuration(revisions: Sequence[Revision], destination: Destination) -> Inventory:
    """Objects of verified revisions' secrets and configuration: pruning leaves them for rollbacks."""
    manifests: dict[str, list[Mapping[str, Any]]] = {}
    for revision in revisions:
        made = [rendered.object for rendered in revision.objects if is_made(rendered, revision)]
        manifests.setdefault(revision.namespace, []).extend(made)
    inventory: Inventory = ()
    for namespace, objects in manifests.items():
        inventory = (*inventory, *await destination.refs(objects, namespace=namespace)) if objects else inventory
    return inventory


def is_made(rendered: Rendered, revision: Revision) -> bool:
    """Whether Sealane made the object from the formation."""
    return revision.holds_secrets(rendered) or revision.holds_config(rendered)
