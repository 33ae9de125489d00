"""Decides what may be deleted. Pure: compares inventories, knows nothing about clusters.

Deletion uses the stored inventory of applied objects, never a search by label. A person must confirm it for more objects
than the budget, for objects that hold data or other objects, and for objects without this formation's labels. An object
with another formation's labels belongs to that one, and no confirmation deletes it from here. If nothing at all is wanted
any more, nothing is deleted: that is an error in rendering.

Undoing a deployment, or rolling back to before it, never deletes objects that existed before it: adopted ones are given back,
and those it never wrote are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sealane import hashing
from sealane.destinations import model

_MADE = {"ConfigMap": "config", "Secret": "secrets"}


THERE_BEFORE = "it was there before this deployment"


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How much pruning may delete. `confirmed` is a person's confirmation of exactly this deletion."""

    deletes: int = 3
    confirmed: bool = False
    undo: bool = False
    """The deployment is rolled back: only objects created since the last good one may be deleted."""
    whole: bool = False
    """Deliberately, nothing is wanted there any more."""
    back: bool = False
    """A person rolls back: objects adopted since are given back rather than deleted."""
    verified: int = 0
    """Sequence of the last good deployment: objects adopted later never became the formation's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptObject:
    """An object that pruning left in place, and why."""

    ref: model.ObjectRef
    reason: str
    kept: bool = True
    """Whether it still belongs to the formation and stays in its inventory."""
    confirmable: bool = False
    """Whether a person may confirm its deletion: it exceeds the budget, or is at a place that the formation left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pruned:
    """The result of pruning: `inventory` is the rest of the stored one."""

    deleted: model.Inventory
    held: tuple[KeptObject, ...]
    inventory: model.Inventory
    freed: bool = False
    """A deleted object, such as an autoscaler, had set fields of one that stays: another apply sets the stencils' values."""

    @property
    def unconfirmed(self) -> bool:
        """Whether a person is asked to confirm the deletion of objects that stay."""
        return any(kept_object.confirmable for kept_object in self.held)


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveObject:
    """The facts about a live object."""

    uid: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kinds:
    """What deletion must know of a destination's kinds."""

    rank: Callable[[model.ObjectRef], int] = lambda _: 0
    """The order in which they are written; deletion uses the reverse order."""
    precious: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Group and kind of objects that need a person's confirmation, and why."""
    stays: Callable[[LiveObject], str | None] = lambda _: None
    """Why the object itself forbids its deletion; None if it doesn't."""


PLAIN = Kinds()
"""For a destination whose kinds are all alike."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeletionPlan:
    """What to delete, in order; what to give back; what stays and why; and what no longer belongs to the formation."""

    delete: model.Inventory
    give_back: model.Inventory = ()
    held: tuple[KeptObject, ...] = ()
    gone: model.Inventory = ()


def there(live: Mapping[str, Any], *, uid: str) -> LiveObject:
    """The facts about a live object."""
    metadata = live["metadata"]
    return LiveObject(uid=uid, labels=metadata.get("labels") or {}, annotations=metadata.get("annotations") or {})


def candidates(stored: model.Inventory, wanted: model.Inventory, kinds: Kinds = PLAIN) -> model.Inventory:
    """Stored but unwanted objects in the order of deletion, which is the reverse of the order of writing."""
    keep = {ref.key for ref in wanted}
    unwanted = {ref.key: ref for ref in stored if ref.key not in keep}
    written = sorted(unwanted.values(), key=kinds.rank)
    return tuple(reversed(written))


def plan(
    stored: model.Inventory,
    wanted: model.Inventory,
    *,
    live: Mapping[model.Key, LiveObject],
    identity: model.Identity,
    budget: Budget,
    kinds: Kinds = PLAIN,
) -> DeletionPlan:
    """What to delete from the stored inventory. `live` are the candidates that still exist."""
    unwanted = candidates(stored, wanted, kinds)
    gone = tuple(ref for ref in unwanted if ref.key not in live or _is_strange(ref, live[ref.key], budget))
    left = tuple(ref for ref in unwanted if ref not in gone)
    if not wanted and not budget.whole:
        why = "nothing at all is wanted any more, which deletes nothing"
        return DeletionPlan(delete=(), held=tuple(KeptObject(ref=ref, reason=why) for ref in left), gone=gone)
    give_back = tuple(ref for ref in left if _is_given_back(live[ref.key], identity, budget))
    rest = tuple(ref for ref in left if ref not in give_back)
    fixed = {ref.key: reason for ref in rest if (reason := _not_ours_to_delete(live[ref.key], identity, budget))}
    reasons = {ref.key: reason for ref in rest if ref.key not in fixed and (reason := kinds.stays(live[ref.key]))}
    fixed |= reasons
    let_go = reasons.keys() | {ref.key for ref in rest if _was_there_before(live[ref.key], identity, budget)}
    free = tuple(ref for ref in rest if ref.key not in fixed)
    stays = _reasons(free, live, identity, budget, kinds)
    stays |= {ref.key: KeptObject(ref=ref, reason=fixed[ref.key]) for ref in rest if ref.key in fixed}
    held = tuple(replace(stays[ref.key], kept=ref.key not in let_go) for ref in rest if ref.key in stays)
    delete = tuple(ref for ref in free if ref.key not in stays)
    return DeletionPlan(delete=delete, give_back=give_back, held=held, gone=gone)


def _reasons(
    free: model.Inventory,
    live: Mapping[model.Key, LiveObject],
    identity: model.Identity,
    budget: Budget,
    kinds: Kinds,
) -> dict[model.Key, KeptObject]:
    """The objects that stay until a person confirms, and why."""
    if budget.confirmed:
        return {}
    objections = ((ref, _objection(ref, live[ref.key].labels, kinds)) for ref in free)
    stays = {ref.key: KeptObject(ref=ref, reason=reason) for ref, reason in objections if reason}
    if not budget.undo:
        stays |= {ref.key: _behind(ref) for ref in free if _is_behind(ref, identity)}
    counted = [ref for ref in free if ref.key not in stays and not _is_made(ref, identity)]
    if len(counted) > budget.deletes:
        why = f"{len(counted)} deletions are more than the budget of {budget.deletes}"
        return {ref.key: KeptObject(ref=ref, reason=why, confirmable=True) for ref in free} | stays
    return stays


def _behind(ref: model.ObjectRef) -> KeptObject:
    why = f"the formation is no longer in namespace {ref.namespace}"
    return KeptObject(ref=ref, reason=why, confirmable=True)


def _is_strange(ref: model.ObjectRef, live: LiveObject, budget: Budget) -> bool:
    """Whether it does not belong to the formation: never adopted, given back, or another object of the same name.

    The inventory names objects before the first write, and a killed worker may never have written them. An object that
    only lost its labels still has our annotations. Objects that an undone deployment gave back are reported again.
    """
    if model.owner_of(live.labels) is not None:
        return False
    return ref.uid != live.uid or (model.REVISION not in live.annotations and not budget.undo)


def _is_given_back(live: LiveObject, identity: model.Identity, budget: Budget) -> bool:
    """Whether it existed before its adoption, and has not become the formation's since."""
    adopted = live.annotations.get(model.ADOPTED, "")
    if model.owner_of(live.labels) != identity.owner or not adopted.isdigit():
        return False
    if budget.undo:
        return is_undone(adopted, identity, budget)
    return budget.back or int(adopted) > budget.verified


def is_undone(mark: str, identity: model.Identity, budget: Budget) -> bool:
    """Whether the deployment with that sequence is undone: this one, or an earlier one that never finished."""
    return mark.isdigit() and budget.verified < int(mark) <= identity.sequence


def _not_ours_to_delete(live: LiveObject, identity: model.Identity, budget: Budget) -> str | None:
    """Why it can't be deleted from here, even with a confirmation."""
    owner = model.owner_of(live.labels)
    if owner not in {None, identity.owner}:
        return f"it is labelled as {owner}'s"
    return THERE_BEFORE if _was_there_before(live, identity, budget) else None


def _was_there_before(live: LiveObject, identity: model.Identity, budget: Budget) -> bool:
    """Whether no undone deployment created it; the inventory may have been lost."""
    made_now = is_undone(live.annotations.get(model.CREATED, ""), identity, budget)
    return budget.undo and model.owner_of(live.labels) in {None, identity.owner} and not made_now


def given_back(ref: model.ObjectRef, *, whole: bool) -> KeptObject:
    """The report of an object that was given back."""
    before = "it was there before Sealane took it over, and is nobody's again"
    reason = f"{before}, as it was" if whole else f"{before}; not all of its fields could be put back"
    return KeptObject(ref=ref, reason=reason, kept=False)


def pruned(
    stored: model.Inventory, plan: DeletionPlan, *, deleted: model.Inventory, held: Sequence[KeptObject]
) -> Pruned:
    """The result of the plan; `held` are objects that turned out to stay while deleting."""
    every = (*plan.held, *held)
    away = {ref.key for ref in (*deleted, *plan.gone)} | {kept.ref.key for kept in every if not kept.kept}
    left = tuple(ref for ref in stored if ref.key not in away)
    return Pruned(deleted=deleted, held=every, inventory=left)


def _is_behind(ref: model.ObjectRef, identity: model.Identity) -> bool:
    """Whether it is in a namespace that the formation has left."""
    return ref.namespace not in {None, identity.namespace}


def elsewhere(inventory: model.Inventory, destination: str, *, because: str = "") -> tuple[KeptObject, ...]:
    """The objects that stay at a destination that the formation left; `because` says why deleting them failed."""
    why = f"the formation is no longer at destination {destination}{because}"
    return tuple(KeptObject(ref=ref, reason=why, confirmable=True) for ref in inventory)


def _objection(ref: model.ObjectRef, labels: Mapping[str, str], kinds: Kinds) -> str | None:
    if model.owner_of(labels) is None:
        return "it isn't labelled as Sealane's any more"
    return kinds.precious.get((ref.group, ref.kind))


def _is_made(ref: model.ObjectRef, identity: model.Identity) -> bool:
    """Whether Sealane generated it from a formation's configuration or secrets; such objects change names with their content.

    They don't count against the budget, because a person who changed a value deleted nothing.
    """
    if ref.group or ref.kind not in _MADE or ref.namespace != identity.namespace:
        return False
    name = f"{identity.app}-{identity.formation}-{_MADE[ref.kind]}-"
    return re.fullmatch(rf"{re.escape(name)}[0-9a-f]{{{hashing.NAME_LENGTH}}}", ref.name) is not None
