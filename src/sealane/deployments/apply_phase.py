"""The phase that writes. Key: the identity's revision and sequence. Undo: apply the last verified revision."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sealane import clock
from sealane.deployments import finished_work, messages, model
from sealane.destinations import model as destinations
from sealane.destinations import stages
from sealane.destinations.port import Destination
from sealane.verdicts import model as verdicts
from sealane.verdicts.messages import causes

_KINDS = {
    destinations.Reason.QUOTA: verdicts.FactKind.QUOTA,
    destinations.Reason.SUPERSEDED: verdicts.FactKind.SUPERSEDED,
}


async def _nobody() -> bool:
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class WhileWaiting:
    """The clock, and whether somebody has called the deployment off; asked while the destination waits for others."""

    now: clock.Clock = clock.now
    called_off: Callable[[], Awaitable[bool]] = _nobody


async def apply(
    destination: Destination,
    target: model.Target,
    *,
    fence: destinations.Fence,
    stage: stages.StageMark | None = None,
    adopt: bool = False,
    waiting: WhileWaiting | None = None,
) -> tuple[destinations.Applied, model.Begun]:
    """Writes the objects of a stage, of the last one if none is given. Gives what watching needs.

    A repeat changes nothing. Work that ran to its end in an earlier deployment of the revision is not made again. When
    the deployment is called off while the destination waits for somebody else, `Applied.wait` is still set.
    """
    waiting = waiting or WhileWaiting()
    at = waiting.now()
    course = target.in_stages(await target.objects())
    writes = next(step for step in course if step.name == stage.name) if stage else course[-1]
    if writes is not course[-1] and (refusals := await _refusals(destination, target, course[-1], adopt=adopt)):
        return destinations.Applied(inventory=(), refusals=refusals), model.Begun(inventory=(), at=at, watched=())
    changed: destinations.Inventory = ()
    while True:
        applied = await destination.apply(
            writes.objects, identity=target.identity, fence=fence, adopt=adopt, finished=target.finished
        )
        changed = union(changed, applied.changed)
        if (wait := applied.wait) is None or await waiting.called_off():
            break
        if waiting.now() >= at + wait.limit:
            applied = replace(applied, wait=None, refusals=(wait.refusal,))
            break
    applied = replace(applied, changed=changed)
    unwatched = stages.among(applied.inventory, writes.unwatched)
    watched = tuple(ref for ref in applied.inventory if ref not in unwatched)
    left = messages.left_words(applied)
    return applied, model.Begun(inventory=union(applied.inventory, target.kept), at=at, watched=watched, left=left)


async def _refusals(
    destination: Destination, target: model.Target, last: stages.Stage, *, adopt: bool
) -> tuple[destinations.Refusal, ...]:
    """The objects of the last stage that the destination would refuse; asked before the first stage is written."""
    changes = await destination.diff(last.objects, identity=target.identity, adopt=adopt)
    return tuple(change.refusal for change in changes if change.refusal)


def in_stage(target: model.Target, earlier: model.Begun | None) -> model.Target:
    """The target without the work of earlier stages that has ended: it is not made again."""
    return replace(target, finished=finished_work.joined(target.finished, earlier.ended)) if earlier else target


def after(earlier: model.Begun | None, begun: model.Begun) -> model.Begun:
    """What was begun, the writes of earlier stages included: objects that only those wrote are still watched."""
    if earlier is None:
        return begun
    written = {ref.key for ref in begun.inventory}
    beside = tuple(ref for ref in earlier.watched or () if ref.key not in written)
    return replace(
        begun,
        inventory=union(earlier.inventory, begun.inventory),
        watched=None if begun.watched is None else (*begun.watched, *beside),
        since=earlier.since or earlier.at,
        ended=earlier.ended,
        left=tuple(dict.fromkeys((*earlier.left, *begun.left))),
    )


def beside(stored: destinations.Inventory, begun: model.Begun) -> destinations.Inventory:
    """The stored workloads that this stage is not judged by: those of the other version, beside its own.

    Only of kinds that the stage is judged by, too: others need rights that the deployment does not.
    """
    judged = begun.inventory if begun.watched is None else begun.watched
    keys, kinds = {ref.key for ref in judged}, {(ref.group, ref.kind) for ref in judged}
    return tuple(ref for ref in stored if ref.key not in keys and (ref.group, ref.kind) in kinds)


def watched_on(begun: model.Begun, *, at: datetime, pause: timedelta = timedelta()) -> model.Begun:
    """What was begun, to be watched from that time on without a write: in a pause, or once more."""
    return replace(begun, at=at, pause=pause, since=begun.since or begun.at)


def refused(
    applied: destinations.Applied,
    *,
    at: datetime,
    mask: Callable[[str], str] = str,
    origins: model.Origins = model.NOWHERE,
) -> verdicts.Cause | None:
    """Why the destination refused the objects, and where they were written; None when it took them.

    Its message is masked, since it may repeat what it was given.
    """
    if not applied.refusals:
        return None
    first, others = applied.refusals[0], len(applied.refusals) - 1
    name = f"{first.ref.kind}/{first.ref.name}"
    origin = origins.get(first.ref.key)
    more = f", and {others} more {'object is' if others == 1 else 'objects are'} refused" if others else ""
    return verdicts.Cause(
        sentence=causes.sentences(
            f"{causes.name(name)} is refused: {causes.bare(mask(first.message)) or 'no reason is given'}{more}",
            f"it is written at {origin.place_named(first.fields)}" if origin else "",
            first.hint or "",
        ),
        object=name,
        workload=name,
        reason=_KINDS.get(first.reason, verdicts.FactKind.REFUSED),
        decisive=True,
        since=at,
    )


def not_allowed(label: str, why: str, *, at: datetime) -> verdicts.Cause:
    """The cause when operators do not allow what would be written."""
    return verdicts.Cause(
        sentence=causes.sentences(why),
        object=label,
        workload=label,
        reason=verdicts.FactKind.REFUSED,
        decisive=True,
        since=at,
    )


def union(stored: destinations.Inventory, more: destinations.Inventory) -> destinations.Inventory:
    """All that a formation may have there between two revisions; the later inventory has the newer uids.

    Only the watch of this write needs to know versions: a cluster restored from a backup counts its versions anew.
    """
    by_key = {ref.key: ref for ref in stored}
    for ref in more:
        old = by_key.get(ref.key)
        by_key[ref.key] = ref if ref.uid or old is None else old
    return tuple(ref.with_uid(ref.uid) for ref in by_key.values())
