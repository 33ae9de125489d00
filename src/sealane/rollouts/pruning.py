"""The phase that deletes what a revision no longer has. Key: the two inventories. Undo: the next apply makes it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.rollouts import applying, model
from sealane.rollouts.strategies import staging

_SCALES = ("autoscaling", "keda.sh")
"""Groups of the kinds that set the number of replicas of others."""


async def prune(
    destination: Destination, plan: model.DeploymentPlan, begun: model.Begun, *, fence: destinations.Fence
) -> destinations.Pruned:
    """After a good verdict: deletes what the formation had and the revision has not, within the delete budget.

    Once an autoscaler is gone, the stencils' own numbers of replicas count again, and are written.
    """
    goal = plan.goal
    stored = applying.union(plan.stored, begun.inventory)
    spare = staging.spare(stored, goal.manifests, goal.shape)
    kept_on = staging.kept_on(stored, goal.manifests, goal.shape)
    now_gone = await _without(destination, goal, stored, _less(spare, kept_on), fence=fence, verified=plan.verified)
    wanted = applying.union(_less(begun.inventory, spare), applying.union(plan.keep, kept_on))
    pruned = await destination.prune(
        now_gone.inventory,
        wanted,
        identity=goal.identity,
        fence=fence,
        budget=replace(plan.budget, verified=plan.verified, back=plan.is_rollback),
    )
    if any(ref.group in _SCALES for ref in pruned.deleted):
        objects = staging.whole(await goal.objects(), goal.shape)
        applied = await destination.apply(objects, identity=goal.identity, fence=fence)
        refused = (destinations.Held(ref=each.ref, reason=each.message) for each in applied.refusals)
        pruned = replace(pruned, held=(*pruned.held, *refused))
    return _both(now_gone, pruned)


def kept_for(goal: model.Goal, inventory: destinations.Inventory) -> timedelta:
    """How long what served before the goal stays up; no time where nothing of it is there."""
    strategy = goal.shape.strategy.blue_green
    kept_on = staging.kept_on(inventory, goal.manifests, goal.shape)
    return strategy.keep_old_for if strategy and kept_on else timedelta()


async def retire(
    destination: Destination, goal: model.Goal, inventory: destinations.Inventory, *, fence: destinations.Fence
) -> destinations.Pruned:
    """Some time after the switch: deletes what served before it. Key: the inventory. Undo: the next deployment."""
    spare = staging.spare(inventory, goal.manifests, goal.shape)
    return await _without(destination, goal, inventory, spare, fence=fence, verified=goal.identity.sequence)


async def _without(
    destination: Destination,
    goal: model.Goal,
    stored: destinations.Inventory,
    spare: destinations.Inventory,
    *,
    fence: destinations.Fence,
    verified: int,
) -> destinations.Pruned:
    """Deletes what the strategy itself had made: nobody's budget counts that."""
    if not spare:
        return destinations.Pruned(deleted=(), held=(), inventory=stored)
    budget = destinations.Budget(deletes=len(spare), verified=verified)
    return await destination.prune(stored, _less(stored, spare), identity=goal.identity, fence=fence, budget=budget)


def _less(inventory: destinations.Inventory, away: destinations.Inventory) -> destinations.Inventory:
    keys = {ref.key for ref in away}
    return tuple(ref for ref in inventory if ref.key not in keys)


async def clear(
    destination: Destination,
    plan: model.DeploymentPlan,
    *,
    failed: destinations.Inventory,
    restored: model.Begun,
    fence: destinations.Fence,
) -> destinations.Pruned:
    """After going back: deletes what only the failed revision made, and gives back what it took over.

    That is not counted against the budget, since the deployment itself had just made it; volume claims, namespaces and
    the like stay, and so does what was there before, whatever inventories say.
    """
    previous = plan.previous or plan.goal
    every = applying.union(applying.union(plan.stored, failed), restored.inventory)
    spare = _less(staging.spare(every, previous.manifests, previous.shape), restored.inventory)
    now_gone = await _without(destination, plan.goal, every, spare, fence=fence, verified=plan.verified)
    made = _less(_less(failed, plan.stored), spare)
    stored = applying.union(restored.inventory, made)
    pruned = await destination.prune(
        stored,
        applying.union(restored.inventory, plan.keep),
        identity=plan.goal.identity,
        fence=fence,
        budget=destinations.Budget(deletes=len(made), undo=True),
    )
    kept = applying.union(_less(now_gone.inventory, made), pruned.inventory)
    stays = await _changed(destination, plan, failed=_less(_less(failed, restored.inventory), (*made, *spare)))
    return _both(now_gone, replace(pruned, held=(*pruned.held, *stays), inventory=kept))


async def _changed(
    destination: Destination, plan: model.DeploymentPlan, *, failed: destinations.Inventory
) -> tuple[destinations.Held, ...]:
    """What the formation had before, the failed revision wrote, and the revision gone back to does not know.

    A Secret of a stencil whose values were not kept, say, or what an earlier pruning had left in place.
    """
    written = str(plan.goal.identity.sequence)
    found = {
        (each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
        for each in await destination.read(failed)
        if (each["metadata"].get("annotations") or {}).get(destinations.SEQUENCE) == written
    }
    why = "it stays as this deployment wrote it, because the revision before does not say what it was"
    return tuple(
        destinations.Held(ref=ref, reason=why) for ref in failed if (ref.kind, ref.namespace, ref.name) in found
    )


def _both(first: destinations.Pruned, second: destinations.Pruned) -> destinations.Pruned:
    return replace(second, deleted=(*first.deleted, *second.deleted), held=(*first.held, *second.held))
