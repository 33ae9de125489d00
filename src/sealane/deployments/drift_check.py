"""Drift: what somebody changed at a destination since a revision was deployed there. Looks, and writes nothing.

Only fields that Sealane sets are compared, by asking the destination what applying the same revision once more would
change: what others set beside them is theirs, and so are the instances of whatever an autoscaler scales.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sealane.deployments import model, targets, way_back
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.stencils.model import Revision

ANOTHER = "another Sealane"
"""Who changed what neither a person nor a controller did."""


class DriftKind(StrEnum):
    """What became of an object."""

    CHANGED = "changed"
    GONE = "gone"
    """Somebody deleted it."""
    TAKEN = "taken"
    """Its labels say that it is somebody else's, or nobody's."""
    LEFT = "left"
    """It has fields that Sealane had and gave up, because somebody else holds them still."""
    REFUSED = "refused"
    """The destination would not have it any more as it was deployed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """One object that is not as it was deployed."""

    object: str
    kind: DriftKind
    fields: tuple[destinations.FieldChange, ...] = ()
    """`before` is what is there now, `after` what was deployed."""
    note: str = ""

    @property
    def by_hand(self) -> bool:
        """Whether putting it right fights nobody: it is gone, or a person alone changed it."""
        return self.kind is DriftKind.GONE or (
            self.kind is DriftKind.CHANGED and all(field.by_hand for field in self.fields)
        )

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        fields = [
            {"path": field.path, "now": field.before, "deployed": field.after, "manager": field.manager, "at": field.at}
            for field in self.fields
        ]
        return {"object": self.object, "kind": self.kind.value, "note": self.note, "fields": fields}


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftReport:
    """What a look at a formation found."""

    formation: str
    revision: str
    """The revision that is meant to be there."""
    objects: tuple[Drift, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        objects = [drift.to_json() for drift in self.objects]
        return {
            "formation": self.formation,
            "revision": self.revision,
            "drifted": bool(objects),
            "objects": objects,
        }


async def of(revision: Revision, destination: Destination, *, finished: Sequence[str] | None = None) -> DriftReport:
    """What is not as that revision was deployed. Raises Unavailable when the destination doesn't answer.

    `finished` is its work that had ended when it was verified, as far as that is known.
    """
    goal = await targets.to_look_at(revision, destination, finished=finished)
    return DriftReport(formation=revision.label, revision=revision.id, objects=await look(destination, goal))


async def look(destination: Destination, goal: model.Target) -> tuple[Drift, ...]:
    """What is not as the goal's revision was deployed. Raises Unavailable when the destination doesn't answer."""
    fleeting = {
        f"{manifest['kind']}/{manifest['metadata']['name']}"
        for manifest in goal.manifests
        if destination.is_fleeting(manifest)
    }
    drifts = (drift(change) for change in await way_back.again(destination, goal))
    return tuple(drift for drift in drifts if drift is not None and drift.object not in fleeting)


def drift(change: destinations.ObjectChange) -> Drift | None:
    """What a change that would be made says about an object; None where nothing would be."""
    name = f"{change.ref.kind}/{change.ref.name}"
    if change.refusal is not None:
        foreign = change.refusal.reason is destinations.Reason.FOREIGN
        return Drift(object=name, kind=DriftKind.TAKEN if foreign else DriftKind.REFUSED, note=change.refusal.message)
    if change.action is destinations.Action.CREATE:
        return Drift(object=name, kind=DriftKind.GONE)
    left = "; ".join(str(field) for field in change.left)
    if change.action is destinations.Action.NONE:
        return Drift(object=name, kind=DriftKind.LEFT, note=left) if left else None
    return Drift(object=name, kind=DriftKind.CHANGED, fields=tuple(map(_by_another, change.fields)), note=left)


def _by_another(field: destinations.FieldChange) -> destinations.FieldChange:
    """What Sealane itself set otherwise was deployed by another server or from a command line: no person's hand, nor ours."""
    if field.deployed is None:
        return field
    return replace(field, manager=ANOTHER, at=field.deployed, by_hand=False)
