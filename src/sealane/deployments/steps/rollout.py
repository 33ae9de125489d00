"""The steps of a rollout: the stages of the revision, the rollback, and the deletions afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from sealane.deployments import (
    apply_phase,
    conflicting_changes,
    finished_work,
    messages,
    model,
    prune_phase,
    watch_phase,
)
from sealane.deployments.conflicting_changes import Conflicts
from sealane.deployments.memory import Prepared
from sealane.deployments.steps.work import Work
from sealane.destinations import deletions
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.destinations.stages import StageMark, every_object
from sealane.errors import Refused
from sealane.verdicts import model as verdicts
from sealane.verdicts.judgement import State
from sealane.verdicts.messages import causes


@dataclass(frozen=True, kw_only=True, slots=True)
class AppliedStage:
    """The result of writing a stage."""

    begun: model.Begun | None
    """All that was written so far; None when nothing was."""
    cause: verdicts.Cause | None = None
    """Why it was refused or cancelled."""
    written: bool = True
    """Whether anything was written, in this stage or before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """The result of watching."""

    begun: model.Begun
    """What was watched, with the work that has ended: later stages do not make it again."""
    result: model.WatchResult
    workloads: int
    """How many of the running workloads stay."""
    notes: tuple[str, ...]
    healthy_for: timedelta
    """How long ready has lasted, for the verdict."""
    finished: tuple[str, ...]
    """`Kind/name` of the revision's work that has ended."""

    @property
    def healthy(self) -> bool:
        """Whether the judgement is healthy."""
        return self.result.judgement.state is State.HEALTHY


@dataclass(frozen=True, kw_only=True, slots=True)
class Pruned:
    """The result of pruning: what was deleted, and what stays."""

    inventory: destinations.Inventory
    held: tuple[deletions.KeptObject, ...]
    stays: tuple[str, ...] = ()
    """What was left in place or done and not undone, in words."""
    unconfirmed: bool = False
    """Whether the rest is deleted once a person confirms."""
    kept_for: timedelta = timedelta()
    """How long the earlier version stays up."""
    way_back: str | None = None
    """Why the next rollback's revision could not be redeployed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reverted:
    """The result of writing the earlier revision."""

    begun: model.Begun | None = None
    cause: verdicts.Cause | None = None
    """Why it could not be written."""
    by_itself: bool = False
    """Whether the destination had put it back before anything was written for it."""


async def apply(work: Work, stage: StageMark, earlier: model.Begun | None) -> AppliedStage:
    """Writes a stage of the revision. `earlier` is what stages before it began.

    Key: revision, sequence and stage; a repeat changes nothing. Undo: `revert`.
    """
    if off := await work.memory.cancellation():
        return AppliedStage(begun=earlier, cause=off, written=earlier is not None)
    prepared = await work.prepared()
    plan, destination = prepared.plan, prepared.destination
    coming = await destination.refs(every_object(plan.target.in_stages()), namespace=plan.target.identity.namespace)
    both = apply_phase.union(plan.stored, apply_phase.union(coming, plan.target.kept))
    await work.memory.expect(both, work.context.fence)
    await work.tell(model.Phase.APPLY, stage.message, stage=stage.name)
    applied, begun = await apply_phase.apply(
        destination,
        apply_phase.in_stage(plan.target, earlier),
        stage=stage,
        fence=work.context.fence,
        adopt=plan.adopt,
        waiting=apply_phase.WhileWaiting(now=work.context.now, called_off=lambda: _called_off(work)),
    )
    begun = apply_phase.after(earlier, begun)
    off = await work.memory.cancellation() if applied.wait else None
    cause = off or await _refused(work, plan.target, applied, begun)
    says = cause.sentence if cause else messages.applied_words(applied)
    await work.tell(model.Phase.APPLY, f"{stage.name}: {says}" if stage.name else says, stage=stage.name)
    return AppliedStage(begun=begun, cause=cause, written=bool(applied.changed) or earlier is not None)


async def _called_off(work: Work) -> bool:
    return await work.memory.cancellation() is not None


async def pause(work: Work, stage: StageMark, earlier: model.Begun) -> AppliedStage:
    """Begins a pause. Key: the stage; the first time that is recorded counts. Undo: none."""
    await work.tell(model.Phase.PAUSE, stage.message, stage=stage.name)
    return AppliedStage(begun=apply_phase.watched_on(earlier, at=work.context.now(), pause=stage.pause))


async def watch(work: Work, begun: model.Begun) -> Watched:
    """Waits for the judgement. Key: the time it was applied; a new watcher judges like the last one. Undo: none."""
    prepared = await work.prepared()
    target, mask = prepared.plan.target, await work.memory.mask()
    async with work.memory.telling() as listener, work.memory.watching() as watching:
        by = watch_phase.WatchContext(
            notes=watching.notes,
            listener=listener,
            look=watching.look,
            mask=mask,
            stop=watching.stop,
            now=work.context.now,
        )
        beside = apply_phase.beside(prepared.plan.stored, begun)
        result = await watch_phase.watch(prepared.destination, target, begun=begun, beside=beside, by=by)
    return _watched(target, begun, result)


async def watch_again(work: Work, begun: model.Begun) -> Watched:
    """As `watch`, after gates or hooks: what was healthy before may have failed meanwhile."""
    return await watch(work, apply_phase.watched_on(begun, at=work.context.now()))


async def compare(work: Work, stage: StageMark) -> Conflicts:
    """Compares the objects with what the stage wrote. Key: none needed, it only looks. Undo: none."""
    prepared = await work.prepared()
    return await _compared(work, prepared.destination, prepared.plan.target, stage, await work.memory.mask())


async def compare_revert(work: Work) -> Conflicts:
    """As `compare`, for the revision rolled back to."""
    prepared = await work.prepared()
    previous = prepared.plan.previous
    assert previous is not None, "there is something to roll back to"
    mask = await work.memory.mask(before=work.start.previous)
    return await _compared(work, prepared.destination, previous, previous.in_stages()[-1], mask)


async def _compared(
    work: Work, destination: Destination, target: model.Target, stage: StageMark, mask: Callable[[str], str]
) -> Conflicts:
    objects = next(part.objects for part in target.in_stages() if part.name == stage.name)
    changes = await destination.diff(objects, identity=target.identity)
    conflicts = conflicting_changes.conflicts(changes, now=work.context.now(), mask=mask)
    await work.tell(model.Phase.WATCH, messages.overwritten_words(conflicts.ours))
    return conflicts


async def prune(work: Work, begun: model.Begun) -> Pruned:
    """Deletes what the revision no longer has, then tries the next rollback by a dry run.

    Key: the two inventories. Undo: the next deployment makes it again.
    """
    prepared = await work.prepared()
    plan = prepared.plan
    pruned = await prune_phase.prune(prepared.destination, plan, begun, fence=work.context.fence)
    await work.tell(model.Phase.PRUNE, messages.pruned_words(pruned))
    left = await work.memory.prune_left(work.context.fence)
    return Pruned(
        inventory=pruned.inventory,
        held=pruned.held,
        stays=tuple(filter(None, (messages.held_words(pruned.held), left.words))),
        unconfirmed=pruned.unconfirmed or left.unconfirmed,
        kept_for=prune_phase.kept_for(plan.target, pruned.inventory),
        way_back=await work.memory.next_rollback_refusal(prepared),
    )


async def revert(work: Work) -> Reverted:
    """Writes the last verified revision over the failed one.

    Key: that revision and this sequence. Undo: none, a rollback is never rolled back.
    """
    prepared = await work.prepared()
    previous = prepared.plan.previous
    assert previous is not None, "there is something to roll back to"
    allowed = await work.memory.rollback_permission(work.start)
    revision = previous.identity.revision
    if allowed.refused:
        why = messages.barred(revision, allowed.refused)
        return Reverted(cause=apply_phase.not_allowed(previous.identity.owner, why, at=work.context.now()))
    if allowed.outdated:
        await work.tell(model.Phase.REVERT, f"rolls back though {messages.barred(revision, allowed.outdated)}")
    await work.tell(model.Phase.REVERT, f"rolling back to {messages.short(revision)}")
    fence, waiting = work.context.fence, apply_phase.WhileWaiting(now=work.context.now)
    try:
        applied, begun = await apply_phase.apply(prepared.destination, previous, fence=fence, waiting=waiting)
    except Refused as refused:  # for example, an old secret is gone
        return Reverted(cause=await _unable(work, refused))
    cause = await _refused(work, previous, applied, begun)
    return Reverted(begun=begun, cause=cause, by_itself=applied.was_there)


async def watch_revert(work: Work, begun: model.Begun, failed: model.Begun) -> Watched:
    """As `watch`, for the revision rolled back to: nobody stops it. What `failed` left beside it is counted until it is deleted."""
    prepared = await work.prepared()
    previous = prepared.plan.previous
    assert previous is not None, "there is something to roll back to"
    mask = await work.memory.mask(before=work.start.previous)
    async with work.memory.telling() as listener, work.memory.watching() as watching:
        by = watch_phase.WatchContext(listener=listener, look=watching.look, mask=mask, now=work.context.now)
        beside = apply_phase.beside(failed.inventory, begun)
        result = await watch_phase.watch(
            prepared.destination, previous, begun=begun, phase=model.Phase.REVERT, beside=beside, by=by
        )
    return _watched(previous, begun, result)


async def clear(work: Work, failed: model.Begun, restored: model.Begun) -> Pruned:
    """Deletes what only the failed revision made. Key: the inventories. Undo: none."""
    prepared = await work.prepared()
    ran = await finished_work.ran(prepared.destination, prepared.plan, failed)
    pruned = await cleared(work, prepared, failed.inventory, restored)
    stays = tuple(filter(None, (messages.held_words(pruned.held), messages.ran_words(ran))))
    return Pruned(inventory=pruned.inventory, held=pruned.held, stays=stays)


async def cleared(
    work: Work, prepared: Prepared, failed: destinations.Inventory, restored: model.Begun
) -> deletions.Pruned:
    """Deletes what a failed revision made, and tells what it did."""
    pruned = await prune_phase.clear(
        prepared.destination, prepared.plan, failed=failed, restored=restored, fence=work.context.fence
    )
    await work.tell(model.Phase.PRUNE, messages.pruned_words(pruned))
    return pruned


def _watched(target: model.Target, begun: model.Begun, result: model.WatchResult) -> Watched:
    ended = finished_work.joined(begun.ended, finished_work.ended(result.observation))
    return Watched(
        begun=replace(begun, ended=ended),
        result=result,
        workloads=model.lasting(result, target, begun.inventory),
        notes=messages.notes(result, begun),
        healthy_for=model.held_for(result, target, begun),
        finished=finished_work.joined(target.finished, ended),
    )


async def _refused(
    work: Work, target: model.Target, applied: destinations.Applied, begun: model.Begun
) -> verdicts.Cause | None:
    if not applied.refusals:
        return None
    return apply_phase.refused(applied, at=begun.at, mask=await work.memory.mask(), origins=target.origins)


async def _unable(work: Work, refused: Refused) -> verdicts.Cause:
    mask = await work.memory.mask(before=work.start.previous)
    return verdicts.Cause(
        sentence=causes.sentences(mask(refused.message), refused.hint or ""),
        object="",
        workload="",
        reason=verdicts.FactKind.REFUSED,
        decisive=True,
        since=work.context.now(),
    )
