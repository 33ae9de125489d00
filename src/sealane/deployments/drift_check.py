"""Drift: what somebody changed at a destination since a revision was deployed there. Looks, and writes nothing.

Only fields that Sealane sets are compared: the destination says what applying the same revision again would change.
Other fields belong to others, and so do the instances of what an autoscaler scales.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sealane.deployments import model, rollback_check, targets
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.formations.output_references import NamedOutput
from sealane.stencils.model import Revision

ANOTHER = "another Sealane"
"""Who made a change that neither a person nor a controller made."""


class DriftKind(StrEnum):
    """How an object has drifted."""

    CHANGED = "changed"
    GONE = "gone"
    """Somebody deleted it."""
    TAKEN = "taken"
    """Its labels name another owner, or none."""
    LEFT = "left"
    """It still has fields that Sealane gave up, because somebody else owns them, too."""
    REFUSED = "refused"
    """The destination would no longer accept it as it was deployed."""
    OUTPUT = "output"
    """An output of another formation is not what it was when this one was rendered."""


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
        """Whether nobody would undo a correction: it is gone, or only a person changed it."""
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
    """The drift of a formation at one time."""

    formation: str
    revision: str
    """The revision that should be there."""
    objects: tuple[Drift, ...]

    @property
    def fixable(self) -> bool:
        """Whether deploying the same revision again would change any of it."""
        return any(drift.kind is not DriftKind.OUTPUT for drift in self.objects)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        objects = [drift.to_json() for drift in self.objects]
        return {
            "formation": self.formation,
            "revision": self.revision,
            "drifted": bool(objects),
            "fixable": self.fixable,
            "objects": objects,
        }


async def of(
    revision: Revision,
    destination: Destination,
    *,
    finished: Sequence[str] | None = None,
    outputs: Sequence[NamedOutput] = (),
) -> DriftReport:
    """The drift from that revision. Raises Unavailable when the destination doesn't answer.

    `finished` is its work that had ended when it was verified, as far as known; `outputs` are those in it as they are now.
    """
    target = await targets.to_look_at(revision, destination, finished=finished)
    objects = (*await look(destination, target), *_outputs(revision, outputs))
    return DriftReport(formation=revision.label, revision=revision.id, objects=objects)


def _outputs(revision: Revision, outputs: Sequence[NamedOutput]) -> Iterator[Drift]:
    """Outputs that are not what they were when the revision was rendered."""
    by_reference = {output.reference: output for output in outputs}
    for then in revision.outputs:
        now = by_reference.get(then.reference, then)
        if now != then:
            change = destinations.FieldChange(path=str(then.reference), before=now.value, after=then.value)
            note = "a new deployment of its release takes it" if now.known else "it has no value any more"
            yield Drift(object=f"Formation/{then.formation}", kind=DriftKind.OUTPUT, fields=(change,), note=note)


async def look(destination: Destination, target: model.Target) -> tuple[Drift, ...]:
    """The drift from the target's revision. Raises Unavailable when the destination doesn't answer."""
    fleeting = {
        f"{manifest['kind']}/{manifest['metadata']['name']}"
        for manifest in target.manifests
        if destination.is_fleeting(manifest)
    }
    drifts = (drift(change) for change in await rollback_check.again(destination, target))
    return tuple(drift for drift in drifts if drift is not None and drift.object not in fleeting)


def drift(change: destinations.ObjectChange) -> Drift | None:
    """The drift that a planned change shows; None where nothing would change."""
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
    """Whether another Sealane, a server or a command line, made the change: neither a person nor this one."""
    if field.deployed is None:
        return field
    return replace(field, manager=ANOTHER, at=field.deployed, by_hand=False)
