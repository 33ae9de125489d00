"""The phase that deletes objects that a revision no longer has. Key: both inventories. Undo: the next apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sealane.deployments import apply_phase, model
from sealane.destinations import deletions
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination


async def prune(
    destination: Destination, plan: model.DeploymentPlan, begun: model.Begun, *, fence: destinations.Fence
) -> deletions.Pruned:
    """After a good verdict: deletes what the formation had and the revision has not, within the delete budget.

    Where a deleted object owned fields of one that stays, the stencils' values count again and are written.
    """
    target = plan.target
    stored = apply_phase.union(plan.stored, begun.inventory)
    spare = target.leftovers(stored)
    kept_on = target.outgoing(stored)
    now_gone = await _without(destination, target, stored, _less(spare, kept_on), fence=fence, verified=plan.verified)
    wanted = apply_phase.union(_less(begun.inventory, spare), apply_phase.union(plan.keep, kept_on))
    pruned = await destination.prune(
        now_gone.inventory,
        wanted,
        identity=target.identity,
        fence=fence,
        budget=replace(plan.budget, verified=plan.verified, back=plan.is_rollback),
    )
    if pruned.freed:
        objects = target.in_stages(await target.objects())[-1].objects
        applied = await destination.apply(objects, identity=target.identity, fence=fence)
        refused = (deletions.KeptObject(ref=refusal.ref, reason=refusal.message) for refusal in applied.refusals)
        pruned = replace(pruned, held=(*pruned.held, *refused))
    return _both(now_gone, pruned)


def kept_for(target: model.Target, inventory: destinations.Inventory) -> timedelta:
    """How long the earlier version stays up after the target; zero where nothing of it is there."""
    strategy = target.shape.strategy.blue_green
    kept_on = target.outgoing(inventory)
    return strategy.keep_old_for if strategy and kept_on else timedelta()


async def retire(
    destination: Destination, target: model.Target, inventory: destinations.Inventory, *, fence: destinations.Fence
) -> deletions.Pruned:
    """Some time after the switch: deletes the earlier version. Key: the inventory. Undo: the next deployment."""
    spare = target.leftovers(inventory)
    return await _without(destination, target, inventory, spare, fence=fence, verified=target.identity.sequence)


async def _without(
    destination: Destination,
    target: model.Target,
    stored: destinations.Inventory,
    spare: destinations.Inventory,
    *,
    fence: destinations.Fence,
    verified: int,
) -> deletions.Pruned:
    """Deletes what the strategy itself made; the delete budget does not count that."""
    if not spare:
        return deletions.Pruned(deleted=(), held=(), inventory=stored)
    budget = deletions.Budget(deletes=len(spare), verified=verified)
    return await destination.prune(stored, _less(stored, spare), identity=target.identity, fence=fence, budget=budget)


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
) -> deletions.Pruned:
    """After a rollback: deletes what only the failed revision made, and gives back what it took over.

    The budget does not count it, since the deployment itself had just made it. Volume claims, namespaces and the like
    stay, and so does everything that existed before, whatever inventories say. What an earlier, killed deployment made
    stands in the stored inventory; the objects' own marks say that no good deployment had it.
    """
    budget = deletions.Budget(undo=True, verified=plan.verified)
    previous = plan.previous or plan.target
    every = apply_phase.union(apply_phase.union(plan.stored, failed), restored.inventory)
    spare = _less(previous.leftovers(every), restored.inventory)
    now_gone = await _without(destination, plan.target, every, spare, fence=fence, verified=plan.verified)
    fresh = _less(failed, (*plan.stored, *spare))
    older = _less(every, (*restored.inventory, *fresh, *spare))
    live = {
        _named(manifest): manifest["metadata"].get("annotations") or {} for manifest in await destination.read(older)
    }
    made = (*fresh, *(ref for ref in older if _is_undone(live.get(_name(ref), {}), plan, budget)))
    stored = apply_phase.union(restored.inventory, made)
    pruned = await destination.prune(
        stored,
        apply_phase.union(restored.inventory, plan.keep),
        identity=plan.target.identity,
        fence=fence,
        budget=replace(budget, deletes=len(made)),
    )
    inventory = apply_phase.union(_less(now_gone.inventory, made), pruned.inventory)
    stays = _changed(_less(older, made), live, plan)
    return _both(now_gone, replace(pruned, held=(*pruned.held, *stays), inventory=inventory))


_Name = tuple[str, str | None, str]


def _named(manifest: Mapping[str, Any]) -> _Name:
    return manifest["kind"], manifest["metadata"].get("namespace"), manifest["metadata"]["name"]


def _name(ref: destinations.ObjectRef) -> _Name:
    return ref.kind, ref.namespace, ref.name


def _is_undone(marks: Mapping[str, str], plan: model.DeploymentPlan, budget: deletions.Budget) -> bool:
    """Whether no good deployment made the object or took it over."""
    times = [marks[mark] for mark in (destinations.CREATED, destinations.ADOPTED) if mark in marks]
    return any(deletions.is_undone(mark, plan.target.identity, budget) for mark in times)


def _changed(
    refs: destinations.Inventory, live: Mapping[_Name, Mapping[str, str]], plan: model.DeploymentPlan
) -> tuple[deletions.KeptObject, ...]:
    """Objects that existed before, that the failed revision wrote, and that the revision rolled back to does not have.

    For example a Secret of a stencil whose values were not kept, or an object that an earlier pruning left in place.
    """
    written = str(plan.target.identity.sequence)
    why = "it stays as this deployment wrote it, because the revision before does not say what it was"
    return tuple(
        deletions.KeptObject(ref=ref, reason=why)
        for ref in refs
        if live.get(_name(ref), {}).get(destinations.SEQUENCE) == written
    )


def _both(first: deletions.Pruned, second: deletions.Pruned) -> deletions.Pruned:
    return replace(second, deleted=(*first.deleted, *second.deleted), held=(*first.held, *second.held))
