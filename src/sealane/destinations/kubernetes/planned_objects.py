"""One object of an apply as it is planned: what would change, what to write, and the live state it was planned for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sealane.clients.kubernetes import kinds
from sealane.destinations import model, ownership
from sealane.destinations.kubernetes import field_trees, managed_fields


@dataclass(frozen=True, kw_only=True, slots=True)
class Live:
    """The relevant facts of a live object.

    `terminating` says that it is being deleted.
    """

    uid: str
    version: str
    owner: str | None
    terminating: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedObject:
    """One object: what would change, what to write for it, and the live state that it was planned for.

    `take` returns the ownership records that it needs first, None if they are right. `gains` says that Sealane would own
    more, although nothing changes; `left` are fields of `change.left` that the body lacks. `apart` is its state before
    adoption, to be stored first, if its annotations don't hold that.
    """

    manifest: Mapping[str, Any]
    ref: model.ObjectRef
    change: model.ObjectChange
    body: Mapping[str, Any]
    live: Live | None = None
    take: managed_fields.Take | None = None
    gains: bool = False
    left: field_trees.Fields = field(default_factory=dict)
    left_out: bool = False
    """It does not exist and is not created, because it ran to its end."""
    apart: bytes | None = field(default=None, repr=False)

    @property
    def writes(self) -> bool:
        """Whether it has to be written."""
        return self.change.action is not model.Action.NONE or self.gains

    @property
    def kind(self) -> kinds.Kind[dict[str, Any]]:
        """Its kind for requests to the cluster."""
        return kinds.of(self.manifest)


def refused(planned: PlannedObject, refusal: model.Refusal) -> PlannedObject:
    """The object with a refusal instead of a plan."""
    change = model.ObjectChange(action=planned.change.action, ref=planned.ref, refusal=refusal)
    return PlannedObject(manifest=planned.manifest, ref=planned.ref, change=change, body={})


def refuse_twins(planned: Sequence[PlannedObject]) -> list[PlannedObject]:
    """An object given twice would be written twice with different content."""
    seen: set[model.Key] = set()
    result = []
    for planned_object in planned:
        if planned_object.ref.key in seen:
            refusal = ownership.twin(planned_object.ref)
            result.append(replace(refused(planned_object, refusal), live=planned_object.live))
        else:
            result.append(planned_object)
        seen.add(planned_object.ref.key)
    return result
