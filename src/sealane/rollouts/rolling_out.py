"""A whole rollout, from applying to the verdict: the story that a durable flow tells phase by phase.

Every phase is idempotent and can be called alone: `applying.apply`, `watching.watch`, `dossiers.take`, then either
`pruning.prune` or, to go back, `applying.apply` and `watching.watch` with the revision verified before, and
`pruning.clear`. Going back is no code of its own: it is the same apply and watch with another goal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sealane import clock, errors
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.rollouts import applying, dossiers, model, pruning, watching
from sealane.rollouts.strategies import model as strategies
from sealane.rollouts.strategies import staging
from sealane.verdicts import concluding, diagnosing
from sealane.verdicts import model as verdicts

NOTHING_WRITTEN = "nothing was written, what was there before still is"


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a rollout works with."""

    destination: Destination
    fence: destinations.Fence = destinations.unfenced
    listener: model.Listener = model.unheard
    mask: dossiers.Mask = dossiers.plain
    now: clock.Clock = field(default=clock.now)

    def tell(self, phase: model.Phase, says: str) -> None:
        """Tells the listener that a phase has come to something."""
        self.listener(model.Progress(phase=phase, at=self.now(), says=says, key=f"{phase} {says}"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A goal that was not reached, with its evidence."""

    cause: verdicts.Cause
    dossier: dossiers.Dossier


@dataclass(frozen=True, kw_only=True, slots=True)
class Passed:
    """The last stage that was healthy."""

    begun: model.Begun
    watched: model.Watched


async def roll_out(plan: model.DeploymentPlan, around: Surroundings) -> model.Outcome:
    """Deploys the plan's revision, and goes back when it fails and there is something to go back to.

    The caller has stored the union of `plan.stored` and the goal's references before, and stores the outcome's
    inventory after. Raises `errors.Fenced`, and `errors.Unavailable` when the destination can't be reached.
    """
    passed: Passed | None = None
    for stage in staging.course(plan.goal.manifests, plan.goal.shape):
        if stage.says:
            around.tell(model.Phase.APPLY, stage.says)
        if stage.kind is strategies.StageKind.PAUSE:
            assert passed is not None, "a course begins with something that is written"
            begun = replace(passed.begun, at=around.now(), pause=stage.pause)
        else:
            applied, begun = await applying.apply(
                around.destination, plan.goal, stage=stage, fence=around.fence, adopt=plan.adopt, now=around.now
            )
            begun = applying.after(passed.begun if passed else None, begun)
            if cause := applying.refused(applied, at=begun.at):
                failure = Failure(cause=cause, dossier=dossiers.refused(cause, difference=plan.difference))
                around.tell(model.Phase.APPLY, cause.sentence)
                if not applied.changed and passed is None:
                    return _left(plan, failure, begun, around, because=NOTHING_WRITTEN)
                return await _go_back(plan, failure, begun, around)
            around.tell(model.Phase.APPLY, applied_words(applied))
        watched = await watching.watch(
            around.destination, plan.goal, begun=begun, listener=around.listener, now=around.now
        )
        if watched.judgement.state is not verdicts.State.HEALTHY:
            failure = await _failure(plan.goal, watched, begun, around, difference=plan.difference)
            return await _go_back(plan, failure, begun, around)
        passed = Passed(begun=begun, watched=watched)
    assert passed is not None, "every course has a stage"
    return await _deployed(plan, passed.watched, passed.begun, around)


async def _deployed(
    plan: model.DeploymentPlan, watched: model.Watched, begun: model.Begun, around: Surroundings
) -> model.Outcome:
    pruned = await pruning.prune(around.destination, plan, begun, fence=around.fence)
    if words := pruned_words(pruned):
        around.tell(model.Phase.PRUNE, words)
    verdict = concluding.deployed(
        at=around.now(), workloads=len(watched.observation.running), healthy_for=plan.goal.healthy_for
    )
    return model.Outcome(verdict=verdict, inventory=pruned.inventory, startup=watched.startup, held=pruned.held)


async def _failure(
    goal: model.Goal,
    watched: model.Watched,
    begun: model.Begun,
    around: Surroundings,
    *,
    difference: Sequence[Mapping[str, Any]] = (),
) -> Failure:
    """Takes the dossier while everything is still there."""
    causes = diagnosing.diagnose(watched.observation, goal.rules(begun.at), now=around.now())
    dossier = await dossiers.take(
        around.destination, goal, watched, others=causes[1:], difference=difference, mask=around.mask
    )
    around.tell(model.Phase.DOSSIER, f"took {evidence_words(dossier)}")
    cause = dossier.cause or watched.judgement.cause
    assert cause is not None
    return Failure(cause=cause, dossier=dossier)


async def _go_back(
    plan: model.DeploymentPlan, failure: Failure, begun: model.Begun, around: Surroundings
) -> model.Outcome:
    previous = plan.previous
    if previous is None:
        return _left(plan, failure, begun, around, because=plan.stays)
    around.tell(model.Phase.REVERT, f"going back to {short(previous.identity.revision)}")
    try:
        applied, restored = await applying.apply(around.destination, previous, fence=around.fence, now=around.now)
    except errors.Refused as refused:  # an old secret is gone, say
        second = Failure(cause=_unable(refused, around), dossier=dossiers.refused(_unable(refused, around)))
        return _stuck(failure, second, around, there=_everything(plan, begun))
    if cause := applying.refused(applied, at=restored.at):
        second = Failure(cause=cause, dossier=dossiers.refused(cause))
        return _stuck(failure, second, around, there=_everything(plan, begun, restored))
    watched = await watching.watch(
        around.destination,
        previous,
        begun=restored,
        phase=model.Phase.REVERT,
        listener=around.listener,
        now=around.now,
    )
    if watched.judgement.state is not verdicts.State.HEALTHY:
        second = await _failure(previous, watched, restored, around)
        return _stuck(failure, second, around, there=_everything(plan, begun, restored))
    pruned = await pruning.clear(
        around.destination, plan, failed=begun.inventory, restored=restored, fence=around.fence
    )
    if words := pruned_words(pruned):
        around.tell(model.Phase.PRUNE, words)
    return model.Outcome(
        verdict=concluding.rolled_back(failure.cause, at=around.now()),
        inventory=pruned.inventory,
        dossier=failure.dossier.to_json(),
        held=pruned.held,
    )


def _left(
    plan: model.DeploymentPlan, failure: Failure, begun: model.Begun, around: Surroundings, *, because: str
) -> model.Outcome:
    return model.Outcome(
        verdict=concluding.failed(failure.cause, at=around.now(), because=because),
        inventory=_everything(plan, begun),
        dossier=failure.dossier.to_json(),
    )


def _stuck(first: Failure, second: Failure, around: Surroundings, *, there: destinations.Inventory) -> model.Outcome:
    return model.Outcome(
        verdict=concluding.rollback_failed(first.cause, second.cause, at=around.now()),
        inventory=there,
        dossier=first.dossier.to_json(),
        second_dossier=second.dossier.to_json(),
    )


def _unable(refused: errors.Refused, around: Surroundings) -> verdicts.Cause:
    return verdicts.Cause(
        sentence=f"{refused}.",
        object="",
        workload="",
        reason=verdicts.FactKind.REFUSED,
        decisive=True,
        since=around.now(),
    )


def _everything(plan: model.DeploymentPlan, *begun: model.Begun) -> destinations.Inventory:
    """Whatever the formation may have there."""
    inventory = plan.stored
    for each in begun:
        inventory = applying.union(inventory, each.inventory)
    return inventory


def short(revision: str) -> str:
    """A revision's id as people read it: its first hexadecimal digits."""
    return revision.removeprefix("sha256:")[:7]


def applied_words(applied: destinations.Applied) -> str:
    """What applying did."""
    changed, every = len(applied.changed), len(applied.inventory)
    same = "" if changed == every else f", {every - changed} as they were" if changed else ", all as they were"
    return f"applied {every} {_objects(every)}{same}"


def pruned_words(pruned: destinations.Pruned) -> str:
    """What pruning did; empty when there was nothing to do."""
    said = [f"deleted {', '.join(str(ref) for ref in pruned.deleted)}"] if pruned.deleted else []
    said += [held_words(pruned.held)] if pruned.held else []
    return "; ".join(said)


def held_words(held: Sequence[destinations.Held]) -> str:
    """What pruning left in place, and why."""
    return "; ".join(f"left {each.ref}: {each.reason}" for each in held)


def evidence_words(dossier: dossiers.Dossier) -> str:
    """What a dossier holds, in numbers."""
    return f"{len(dossier.logs)} logs, {len(dossier.events)} events"


def _objects(number: int) -> str:
    return "object" if number == 1 else "objects"
