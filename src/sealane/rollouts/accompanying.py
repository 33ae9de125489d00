"""Doing what goes on beside a rollout: its hooks, and its gates. Every function may be called again: Jobs are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sealane.destinations import model as destinations
from sealane.rollouts import applying, beside, hooks, jobs, model
from sealane.stencils.gates import When

Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """What came of the hooks before a rollout."""

    ran: hooks.Ran
    inventory: destinations.Inventory = ()
    """What was written for them: the formation's Secret and ConfigMap, and its namespace."""


async def before(goal: model.Goal, own: beside.Beside, where: jobs.Where, tell: Tell) -> Before:
    """Runs the hooks before the rollout that have to run. Of the revision only its configuration, and what holds that, is written."""
    chosen = beside.hooks_at(own, When.BEFORE)
    if not chosen:
        return Before(ran=hooks.Ran())
    needed = own.made | {f"Namespace/{goal.identity.namespace}"}
    objects = [each for each in await goal.objects() if f"{each['kind']}/{each['metadata']['name']}" in needed]
    inventory: destinations.Inventory = ()
    if objects:
        applied = await where.destination.apply(objects, identity=goal.identity, fence=where.fence)
        inventory = applied.inventory
        if cause := applying.refused(applied, at=where.now()):
            return Before(ran=hooks.Ran(cause=cause), inventory=inventory)
    order = beside.order(own, chosen, goal.identity, patience=goal.patience)
    return Before(ran=await hooks.run(order, where, tell), inventory=inventory)


async def at(when: When, goal: model.Goal, own: beside.Beside, where: jobs.Where, tell: Tell) -> hooks.Ran:
    """Runs the hooks after the rollout."""
    order = beside.order(own, beside.hooks_at(own, when), goal.identity, patience=goal.patience)
    return await hooks.run(order, where, tell)


async def failed(
    goal: model.Goal, own: beside.Beside, where: jobs.Where, tell: Tell, *, cause: str, verdict: str
) -> hooks.Ran:
    """Runs the hooks of a failure; each runs, whatever became of the one before it."""
    done: list[str] = []
    for hook in beside.hooks_at(own, When.FAILURE):
        order = beside.order(own, [hook], goal.identity, patience=goal.patience)
        told = hooks.variables(goal.identity, cause=cause, verdict=verdict)
        done += (await hooks.run(hooks.with_variables(order, told), where, tell)).done
    return hooks.Ran(done=tuple(done))


async def undo(goal: model.Goal, own: beside.Beside, done: Sequence[str], where: jobs.Where, tell: Tell) -> hooks.Ran:
    """Takes back the hooks that ran and can be taken back, the last one first. One that fails is told and stops it."""
    chosen = hooks.to_undo(own.hooks, done)
    return await hooks.run(beside.order(own, chosen, goal.identity, what="undo", patience=goal.patience), where, tell)
