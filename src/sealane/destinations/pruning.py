"""What may be deleted. Pure: compares inventories, knows nothing about clusters.

Deleting works from the stored inventory of what was applied, never from a search by label. It is refused, for a person
to say yes to, for more objects than the budget; for whatever holds data or other objects; and for what isn't labelled
as this formation's. What is labelled as another formation's is that one's, and no yes deletes it from here. Where nothing
is wanted any more nothing is deleted at all: that is a fault of rendering.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sealane import hashing
from sealane.destinations import model, ordering

PRECIOUS = {
    ("", "PersistentVolumeClaim"): "it holds data",
    ("", "PersistentVolume"): "it holds data",
    ("", "Namespace"): "everything in it would go with it",
    ("apiextensions.k8s.io", "CustomResourceDefinition"): "all objects of its kind would go with it",
}

_OVER = "deletions are more than the budget of"

_MADE = {"ConfigMap": "config", "Secret": "secrets"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to delete, in this order; what stays in place and why; and what is already gone."""

    delete: model.Inventory
    held: tuple[model.Held, ...] = ()
    gone: model.Inventory = ()


def candidates(stored: model.Inventory, wanted: model.Inventory) -> model.Inventory:
    """What is stored and not wanted, in the order of deleting: what was written last goes first."""
    keep = {ref.key for ref in wanted}
    unwanted = {ref.key: ref for ref in stored if ref.key not in keep}
    return tuple(reversed(ordering.ordered(unwanted.values(), lambda ref: (ref.group, ref.kind))))


def plan(
    stored: model.Inventory,
    wanted: model.Inventory,
    *,
    labels: Mapping[model.Key, Mapping[str, str]],
    identity: model.Identity,
    budget: model.Budget,
) -> Plan:
    """What to delete of the stored inventory. `labels` are those of the candidates that still exist."""
    unwanted = candidates(stored, wanted)
    there = tuple(ref for ref in unwanted if ref.key in labels)
    gone = tuple(ref for ref in unwanted if ref.key not in labels)
    if not wanted:
        why = "nothing at all is wanted any more, which deletes nothing"
        return Plan(delete=(), held=tuple(model.Held(ref=ref, reason=why) for ref in there), gone=gone)
    unclaimed = tuple(ref for ref in there if model.owner_of(labels[ref.key]) in {None, identity.owner})
    theirs = tuple(
        model.Held(ref=ref, reason=f"it is labelled as {model.owner_of(labels[ref.key])}'s")
        for ref in there
        if ref not in unclaimed
    )
    if budget.confirmed:
        return Plan(delete=unclaimed, held=theirs, gone=gone)
    reasons = {ref.key: _objection(ref, labels[ref.key]) for ref in unclaimed}
    delete = tuple(ref for ref in unclaimed if reasons[ref.key] is None)
    counted = [ref for ref in delete if not _is_made(ref, identity)]
    if len(counted) > budget.deletes:
        why = f"{len(counted)} {_OVER} {budget.deletes}"
        reasons = {key: reason or why for key, reason in reasons.items()}
        delete = ()
    held = tuple(model.Held(ref=ref, reason=reason) for ref in unclaimed if (reason := reasons[ref.key]))
    return Plan(delete=delete, held=(*theirs, *held), gone=gone)


def over_budget(says: str) -> bool:
    """Whether words on what was left in place tell of more deletions than the budget: a person's yes deletes them."""
    return _OVER in says


def _objection(ref: model.ObjectRef, labels: Mapping[str, str]) -> str | None:
    if model.owner_of(labels) is None:
        return "it isn't labelled as Sealane's any more"
    return PRECIOUS.get((ref.group, ref.kind))


def _is_made(ref: model.ObjectRef, identity: model.Identity) -> bool:
    """Whether Sealane made it from a formation's configuration or secrets: such objects come and go with their content.

    They don't count against the budget: a person who changed a value deleted nothing.
    """
    if ref.group or ref.kind not in _MADE or ref.namespace != identity.namespace:
        return False
    name = f"{identity.app}-{identity.formation}-{_MADE[ref.kind]}-"
    return re.fullmatch(rf"{re.escape(name)}[0-9a-f]{{{hashing.NAME_LENGTH}}}", ref.name) is not None
