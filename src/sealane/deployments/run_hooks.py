"""Runs the hooks of a rollout. Every function may be called again: it finds the Jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sealane.deployments import apply_phase, hooks, hooks_and_gates, jobs, model
from sealane.destinations import model as destinations
from sealane.formations.gates import When

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class BeforeHooksResult:
    """The result of the hooks before a rollout."""

    ran: hooks.HookResult
    inventory: destinations.Inventory = ()
    """Objects written for them: the formation's Secret and ConfigMap, and its namespace."""


async def before(
    target: model.Target, own: hooks_and_gates.HooksAndGates, where: jobs.JobContext, tell: Tell
) -> BeforeHooksResult:
    """Runs the due hooks before the rollout. Of the revision it writes only its configuration and namespace."""
    chosen = hooks_and_gates.hooks_at(own, When.BEFORE)
    if not chosen:
        return BeforeHooksResult(ran=hooks.HookResult())
    needed = own.made | {f"Namespace/{target.identity.namespace}"}
    objects = [
        manifest
        for manifest in await target.objects()
        if f"{manifest['kind']}/{manifest['metadata']['name']}" in needed
    ]
    inventory: destinations.Inventory = ()
    if objects:
        applied = await where.destination.apply(objects, identity=target.identity, fence=where.fence)
        inventory = applied.inventory
        if cause := apply_phase.refused(applied, at=where.now(), origins=target.origins):
            return BeforeHooksResult(ran=hooks.HookResult(cause=cause), inventory=inventory)
    order = hooks_and_gates.order(own, chosen, target.identity, patience=target.patience)
    return BeforeHooksResult(ran=await hooks.run(order, where, tell), inventory=inventory)


async def at(
    when: When, target: model.Target, own: hooks_and_gates.HooksAndGates, where: jobs.JobContext, tell: Tell
) -> hooks.HookResult:
    """Runs the hooks after the rollout."""
    order = hooks_and_gates.order(own, hooks_and_gates.hooks_at(own, when), target.identity, patience=target.patience)
    return await hooks.run(order, where, tell)


async def failed(
    target: model.Target,
    own: hooks_and_gates.HooksAndGates,
    where: jobs.JobContext,
    tell: Tell,
    *,
    cause: str,
    verdict: str,
) -> hooks.HookResult:
    """Runs all hooks of a failure, even after one of them failed."""
    done: list[str] = []
    for hook in hooks_and_gates.hooks_at(own, When.FAILURE):
        order = hooks_and_gates.order(own, [hook], target.identity, patience=target.patience)
        variables = hooks.variables(target.identity, cause=cause, verdict=verdict)
        done += (await hooks.run(hooks.with_variables(order, variables), where, tell)).done
    return hooks.HookResult(done=tuple(done))


async def undo(
    target: model.Target, own: hooks_and_gates.HooksAndGates, done: Sequence[str], where: jobs.JobContext, tell: Tell
) -> hooks.HookResult:
    """Undoes the hooks that ran and can be undone, the last one first. It stops at one that fails, and tells it."""
    chosen = hooks.to_undo(own.hooks, done)
    return await hooks.run(
        hooks_and_gates.order(own, chosen, target.identity, what="undo", patience=target.patience), where, tell
    )
