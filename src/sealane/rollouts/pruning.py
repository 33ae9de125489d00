"""The phase that deletes what a revision no longer has. Key: the two inventories. Undo: the next apply makes it again."""

from __future__ import annotations

from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.rollouts import applying, model


async def prune(
    destination: Destination, plan: model.DeploymentPlan, begun: model.Begun, *, fence: destinations.Fence
) -> destinations.Pruned:
    """After a good verdict: deletes what the formation had and the revision has not, within the delete budget."""
    stored = applying.union(plan.stored, begun.inventory)
    wanted = applying.union(begun.inventory, plan.keep)
    return await destination.prune(stored, wanted, identity=plan.goal.identity, fence=fence, budget=plan.budget)


async def clear(
    destination: Destination,
    plan: model.DeploymentPlan,
    *,
    failed: destinations.Inventory,
    restored: model.Begun,
    fence: destinations.Fence,
) -> destinations.Pruned:
    """After going back: deletes what only the failed revision made.

    That is not counted against the budget, since the deployment itself had just made it; volume claims, namespaces and
    the like stay, and so does what was there before.
    """
    before = {ref.key for ref in plan.stored}
    made = tuple(ref for ref in failed if ref.key not in before)
    stored = applying.union(restored.inventory, made)
    wanted = applying.union(restored.inventory, plan.keep)
    pruned = await destination.prune(
        stored,
        wanted,
        identity=plan.goal.identity,
        fence=fence,
        budget=destinations.Budget(deletes=len(made)),
    )
    inventory = applying.union(plan.stored, pruned.inventory)
    return destinations.Pruned(deleted=pruned.deleted, held=pruned.held, inventory=inventory)
