"""A deployment's phases, as bodies of durable steps. Each may be run again by a worker that takes over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from sealane.approvals.admission import Admission, RevisionSource, told
from sealane.deployments import (
    apply_phase,
    failure_reports,
    finished_work,
    messages,
    prune_phase,
    watch_phase,
    way_back,
)
from sealane.deployments import targets as rollouts_goals
from sealane.deployments.gates import select
from sealane.deployments.model import Begun, DeploymentPlan, Phase, Target, WatchResult, held_for, lasting
from sealane.destinations.model import Applied, Budget, Fence
from sealane.destinations.port import Destination
from sealane.destinations.stages import ONLY, Stage, every_object
from sealane.errors import SealaneError
from sealane.records.model import Deployment, DeploymentKind, DeploymentState
from sealane.releases import changes
from sealane.secrets import manifest_secrets, revealed
from sealane.stencils.gates import NewLines
from sealane.stencils.model import Revision
from sealane.store import conclusion as ending
from sealane.store import rows
from sealane.verdicts import diagnose
from sealane.verdicts.model import Cause, State, Verdict
from sealane.workflows import context, resource_requests
from sealane.workflows.steps import admission, cancellation, leftovers, releases, targets, timeline


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollout:
    """One deployment under way, as its workflow knows it."""

    deployment_id: str
    fence: Fence
    stored: Any
    """The formation's inventory before, as plain data."""
    previous: str | None
    """The verified deployment that a failure goes back to."""
    stays: str
    """Why a failure is not rolled back, when there is none."""
    survey: Any = None
    """What the strategy found there before, as plain data."""
    finished: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Revision to its work that had ended whenever it was verified here."""
    gates: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Name of each stage that has gates to theirs."""
    hooks: tuple[str, ...] = ()
    """When hooks run."""
    hooked: tuple[str, ...] = ()
    """Hooks before the rollout that ran in this deployment."""
    annotates: bool = False
    """Whether metric stores are told how it ended."""
    compares: bool = False
    """Whether error lines are compared with those of what was there before."""
    printed: tuple[str, ...] = ()
    """Their signatures then."""
    looks_again: bool = False
    """Whether it is looked at again after gates and hooks; not so in deployments from before that."""


async def begin(deployment_id: str) -> dict[str, Any]:
    """Decides whether the deployment goes, and takes note of what is there before it.

    Gives `go`, and then `stored`, `previous`, `stays`, `survey`, `finished`, `stages`, their `gates`, `hooks`, whether it `annotates`, `compares` and `looks_again`. Key: the deployment. Undo: none needed, nothing is written.
    """
    bench = context.current()
    deployment = await bench.store.deployments.get(deployment_id)
    revision = await bench.store.releases.revision(deployment.revision_id)
    if not await _admitted(deployment, revision):
        return {"go": False}
    destination = await targets.destination_of(deployment)
    if deployment.state is DeploymentState.QUEUED and await targets.secrets_changed(deployment, revision, destination):
        await _revise(deployment)
        return {"go": False}
    if deployment.state is DeploymentState.QUEUED and not await bench.gates.recheck(deployment):
        return {"go": False}
    deployment = await bench.store.deployments.begin(deployment_id, at=bench.now())
    if deployment.state is not DeploymentState.ROLLING_OUT:
        return {"go": False}
    formation = await bench.store.formations.get(deployment.app, deployment.formation)
    previous, reason = await targets.going_back(deployment)
    if words := leftovers.told(deployment, formation):
        await timeline.line(deployment.id, Phase.APPLY, words, at=bench.now())
    forward, back = await _goals(deployment, revision, previous.id if previous else None)
    finished = await targets.finished(deployment, formation.inventory, destination, forward, back)
    forward, back = _with_finished(forward, back, finished)
    if back and previous and (shut := await _shut(previous, back, destination)):
        await timeline.line(deployment.id, Phase.APPLY, f"should this fail, {shut}", at=bench.now())
    survey = await rollouts_goals.survey(destination, forward, back, formation.inventory)
    forward, _ = rollouts_goals.shaped(forward, back, survey)
    course = [stage.mark for stage in forward.in_stages()]
    return {
        "go": True,
        "stored": rows.plain(formation.inventory),
        "previous": previous.id if previous else None,
        "stays": reason,
        "survey": survey,
        "finished": finished,
        "stages": rows.plain(course),
        "gates": {
            stage.name: [gate.name for gate in chosen]
            for stage in course
            if (chosen := select.chosen(revision.strategy.every_gate, stage, course))
        },
        "hooks": sorted({hook.when.value for hook in revision.hooks}),
        "annotates": bool(revision.annotations),
        "looks_again": True,
        "compares": revision.strategy.guard.new_errors is not NewLines.IGNORE and previous is not None,
    }


async def _admitted(deployment: Deployment, revision: Revision) -> bool:
    """Whether it may still come; what may not has its verdict, and what lacks approvals waits for them."""
    if deployment.state not in {DeploymentState.QUEUED, DeploymentState.ROLLING_OUT}:
        return True  # whoever begins it sees that it has ended, or waits
    verdict, goes = await admission.last_look(deployment, revision)
    if verdict is not None:
        await ending.conclude(context.current().store.database, deployment.id, verdict)
    return goes


async def apply(rollout: Rollout, stage: Stage = ONLY, earlier: Any = None) -> dict[str, Any]:
    """Writes a stage of the revision. Gives `begun`, `cause` when it was refused, and whether anything was `written`.

    `earlier` is what stages before it began. Key: revision, sequence and stage; a repeat changes nothing. Undo: `revert`.
    """
    bench = context.current()
    if off := await cancellation.cause(rollout.deployment_id):
        return {"begun": earlier, "cause": rows.plain(off), "written": earlier is not None}
    deployment, plan, destination = await _planned(rollout)
    objects = every_object(plan.goal.in_stages())
    coming = await destination.refs(objects, namespace=deployment.namespace)
    both = apply_phase.union(plan.stored, apply_phase.union(coming, plan.goal.kept))
    await rollout.fence()
    await bench.store.formations.set_inventory(deployment.app, deployment.formation, both)
    if stage.message:
        await timeline.line(deployment.id, Phase.APPLY, stage.message, at=bench.now())
    before = _begun(earlier) if earlier else None
    goal = apply_phase.in_stage(plan.goal, before)
    applied, begun = await apply_phase.apply(
        destination, goal, stage=stage, fence=rollout.fence, adopt=plan.adopt, now=bench.now
    )
    begun = apply_phase.after(before, begun)
    cause = await _refused(deployment, applied, begun)
    says = cause.sentence if cause else messages.applied_words(applied)
    await timeline.line(deployment.id, Phase.APPLY, f"{stage.name}: {says}" if stage.name else says, at=begun.at)
    written = bool(applied.changed) or earlier is not None
    return {"begun": rows.plain(begun), "cause": rows.plain(cause), "written": written}


async def pause(rollout: Rollout, stage: Stage, earlier: Any) -> dict[str, Any]:
    """Begins a pause. Gives `begun`. Key: the stage; the first time that is recorded counts. Undo: none."""
    at = context.current().now()
    await timeline.line(rollout.deployment_id, Phase.PAUSE, stage.message, at=at)
    begun = apply_phase.watched_on(_begun(earlier), at=at, pause=stage.pause)
    return {"begun": rows.plain(begun), "cause": None, "written": True}


async def watch(rollout: Rollout, begun: Any) -> dict[str, Any]:
    """Waits for the judgement. Gives `healthy`, the `cause` when it is not, what was `seen`, and the work that `ended`.

    Key: when it was applied; a new watcher judges like the last one. Undo: none, it only looks.
    """
    return await _watch(rollout, _begun(begun))


async def watch_again(rollout: Rollout, begun: Any) -> dict[str, Any]:
    """As `watch`, after gates or hooks. Gives `begun`, too. Key: none needed, it only looks. Undo: none."""
    again = apply_phase.watched_on(_begun(begun), at=context.current().now())
    return {"begun": rows.plain(again), **await _watch(rollout, again)}


async def _watch(rollout: Rollout, begun: Begun) -> dict[str, Any]:
    deployment, plan, destination = await _planned(rollout)
    mask = await targets.mask(deployment, await _revision(deployment))
    async with (
        timeline.progress(deployment.id) as listener,
        timeline.noting(deployment.id) as notes,
        timeline.looking(deployment.id) as look,
        cancellation.heard(deployment.id) as stop,
    ):
        by = watch_phase.WatchContext(
            notes=notes, listener=listener, look=look, mask=mask, stop=stop, now=context.current().now
        )
        watched = await watch_phase.watch(destination, plan.goal, begun=begun, by=by)
    return {
        "healthy": watched.judgement.state is State.HEALTHY,
        "cause": rows.plain(watched.judgement.cause),
        "seen": rows.plain(watched),
        "workloads": lasting(watched, plan.goal, begun.inventory),
        "notes": messages.notes(watched, begun),
        "ended": finished_work.joined(plan.goal.finished, begun.ended, finished_work.ended(watched.observation)),
        "healthy_for": held_for(watched, plan.goal, begun).total_seconds(),
        "startup": watched.startup.total_seconds(),
    }


async def prune(rollout: Rollout, begun: Any) -> dict[str, Any]:
    """Deletes what the revision no longer has, then tries the way back by a dry run.

    Gives `inventory`, a `note` on what was left, whether a yes is `unconfirmed`, seconds it is `kept_for`, and a `way_back` that is closed.

    Key: the two inventories. Undo: the next deployment makes it again.
    """
    deployment, plan, destination = await _planned(rollout)
    pruned = await prune_phase.prune(destination, plan, _begun(begun), fence=rollout.fence)
    if words := messages.pruned_words(pruned):
        await timeline.line(deployment.id, Phase.PRUNE, words, at=context.current().now())
    behind, unconfirmed = await leftovers.prune(deployment, fence=rollout.fence)
    kept_for = prune_phase.kept_for(plan.goal, pruned.inventory).total_seconds()
    return {
        "inventory": rows.plain(pruned.inventory),
        "note": "; ".join(filter(None, (messages.held_words(pruned.held), behind))) or None,
        "unconfirmed": pruned.unconfirmed or unconfirmed,
        "kept_for": kept_for,
        "way_back": await _way_back(deployment, plan.goal, destination),
    }


async def _way_back(deployment: Deployment, there: Target, destination: Destination) -> str | None:
    """Why the revision that one would go back to now could not be had; None when it could, or there is none."""
    old = await targets.before(deployment)
    if old is None:
        return None
    back = await rollouts_goals.to_look_at(await _revision(old), destination)
    return await _shut(old, back, destination, there)


async def _shut(
    previous: Deployment, back: Target, destination: Destination, there: Target | None = None
) -> str | None:
    """Why automatic rollback would be refused, by the operators' files or by the destination."""
    admitted = await _back_admitted(previous.id)
    if admitted.refusals:
        return f"going back would be refused: {_may_not(back, admitted)}"
    return await way_back.closed(destination, back, there)


async def take_failure_report(rollout: Rollout, begun: Any, cause: Any, watched: Any) -> dict[str, Any]:
    """Keeps the evidence, before anything is rolled back. Gives the `cause`, with the line of the log that tells most.

    Key: the deployment; the first failure report stays. Undo: none.
    """
    bench = context.current()
    deployment, plan, destination = await _planned(rollout)
    if watched is None:
        failure_report = failure_reports.refused(msgspec.convert(cause, Cause), difference=plan.difference)
    else:
        mask = await targets.mask(deployment, await _revision(deployment))
        failure_report = await _failure_report(
            destination, plan.goal, _watched(watched["seen"]), _begun(begun), plan.difference, mask
        )
    await bench.store.deployments.keep_failure_report(deployment.id, failure_report.to_json(), at=bench.now())
    words = f"kept {messages.evidence_words(failure_report)}"
    await timeline.line(deployment.id, Phase.FAILURE_REPORT, words, at=bench.now())
    return {"cause": rows.plain(failure_report.cause)}


async def revert(rollout: Rollout) -> dict[str, Any]:
    """Writes the revision verified before, over the failed one. Gives `begun`, and `cause` when it was refused.

    Key: that revision and this sequence. Undo: none, a rollback is never rolled back.
    """
    deployment, plan, destination = await _planned(rollout)
    previous = plan.previous
    assert previous is not None, "there is something to go back to"
    admitted = await _back_admitted(rollout.previous or "")
    if admitted.refusals:
        cause = apply_phase.not_allowed(deployment.label, _may_not(previous, admitted), at=context.current().now())
        return {"begun": None, "cause": rows.plain(cause)}
    if admitted.outdated:
        words = f"goes back though {_may_not(previous, admitted)}"
        await timeline.line(deployment.id, Phase.REVERT, words, at=context.current().now())
    words = f"going back to {messages.short(previous.identity.revision)}"
    await timeline.line(deployment.id, Phase.REVERT, words, at=context.current().now())
    applied, begun = await apply_phase.apply(destination, previous, fence=rollout.fence, now=context.current().now)
    return {"begun": rows.plain(begun), "cause": rows.plain(await _refused(deployment, applied, begun))}


async def _back_admitted(previous: str) -> Admission:
    """Whether the deployment of that id may be gone back to by itself, as operators' files are now."""
    store = context.current().store
    return await admission.admit(await _revision(await store.deployments.get(previous)), RevisionSource(automatic=True))


def _may_not(back: Target, admitted: Admission) -> str:
    return messages.barred(back.identity.revision, told(admitted.refusals or admitted.outdated))


async def watch_revert(rollout: Rollout, begun: Any) -> dict[str, Any]:
    """As `watch`, for the revision gone back to. Gives `healthy`, and the `cause` when it is not."""
    bench = context.current()
    deployment, plan, destination = await _planned(rollout)
    previous = plan.previous
    assert previous is not None, "there is something to go back to"
    old = await _revision(await bench.store.deployments.get(rollout.previous or ""))
    mask = await targets.mask(deployment, await _revision(deployment), old)
    async with timeline.progress(deployment.id) as listener, timeline.looking(deployment.id) as look:
        watched = await watch_phase.watch(
            destination,
            previous,
            begun=_begun(begun),
            phase=Phase.REVERT,
            by=watch_phase.WatchContext(listener=listener, look=look, mask=mask, now=bench.now),
        )
    healthy = watched.judgement.state is State.HEALTHY
    return {"healthy": healthy, "cause": None if healthy else rows.plain(watched.judgement.cause)}


async def clear(rollout: Rollout, failed: Any, restored: Any) -> dict[str, Any]:
    """Deletes what only the failed revision made. Gives `inventory`, a `note`, and the work that `ran`, in words.

    Key: the inventories. Undo: none.
    """
    _, plan, destination = await _planned(rollout)
    ran = await finished_work.ran(destination, plan, _begun(failed))
    pruned = await prune_phase.clear(
        destination, plan, failed=_begun(failed).inventory, restored=_begun(restored), fence=rollout.fence
    )
    return {
        "inventory": rows.plain(pruned.inventory),
        "note": messages.held_words(pruned.held) or None,
        "ran": messages.ran_words(ran),
    }


async def conclude(
    deployment_id: str,
    verdict: Any,
    inventory: Any,
    startup: float | None,
    note: str | None,
    way_back: str | None = None,
) -> str:
    """Writes the verdict, with holds, inventory and all that follows, in one transaction. Gives the verdict's kind.

    Key: the deployment; the first verdict stays. Undo: none.
    """
    bench = context.current()
    ended = await ending.conclude(
        bench.store.database,
        deployment_id,
        msgspec.convert(verdict, Verdict),
        inventory=rows.inventory(inventory) if inventory is not None else None,
        startup=startup,
        remarks=ending.DeploymentNotes(note=note, way_back=way_back),
    )
    if ended.verdict_kind == "deployed":
        asked = resource_requests.requests(each.object for each in (await _revision(ended)).objects)
        await bench.store.formations.set_requests(ended.app, ended.formation, asked, at=bench.now())
    await asyncio.to_thread(targets.forget_clone, ended)
    return str(ended.verdict_kind)


async def look_at_gates(deployment_id: str) -> None:
    """Opens the gates that this deployment kept shut. Key: none needed, looking changes only what may go."""
    bench = context.current()
    deployment = await bench.store.deployments.get(deployment_id)
    await bench.gates.look(deployment.app)


async def _revise(deployment: Deployment) -> None:
    """A secret is not what it was: the release is rendered anew, and whoever had to approve is asked again."""
    bench = context.current()
    here = await targets.checked_out(deployment)
    made = await bench.store.releases.get(deployment.release_id or "")
    revision, _, found = await releases.render(here, deployment.formation, made)
    if revision is None:
        raise SealaneError(f"{deployment.label} can't be rendered any more: {found[0]}")
    note = "a secret changed since it was rendered, so this is another revision and approval is asked again"
    await bench.store.deployments.revise(deployment.id, revision, note=note, at=bench.now())


async def _goals(deployment: Deployment, revision: Revision, previous: str | None) -> tuple[Target, Target | None]:
    """The deployment's goal and the one to go back to, of the deployment of that id."""
    store = context.current().store
    formation = await store.formations.get(deployment.app, deployment.formation)
    destination = await targets.destination_of(deployment)
    old = await _revision(await store.deployments.get(previous)) if previous else None
    forward = await targets.goal(deployment, revision, formation, destination)
    return forward, await targets.goal(deployment, old, formation, destination) if old else None


def _with_finished(
    forward: Target, back: Target | None, finished: Mapping[str, Sequence[str]]
) -> tuple[Target, Target | None]:
    """Both goals with their work that had ended before; `finished` has it by revision."""
    forward = replace(forward, finished=tuple(finished.get(forward.identity.revision, ())))
    if back is None:
        return forward, None
    return forward, replace(back, finished=tuple(finished.get(back.identity.revision, ())))


async def _planned(rollout: Rollout) -> tuple[Deployment, DeploymentPlan, Destination]:
    bench = context.current()
    store = bench.store
    deployment = await store.deployments.get(rollout.deployment_id)
    destination = await targets.destination_of(deployment)
    revision = await _revision(deployment)
    old = await _revision(await store.deployments.get(rollout.previous)) if rollout.previous else None
    forward, back = await _goals(deployment, revision, rollout.previous)
    forward, back = _with_finished(forward, back, rollout.finished)
    forward, back = rollouts_goals.shaped(forward, back, rollout.survey or {})
    budget = Budget(deletes=bench.environment(deployment.environment).delete_budget, confirmed=deployment.confirmed)
    difference: tuple[Mapping[str, Any], ...] = tuple(changes.between(old, revision).to_json()["objects"])
    plan = DeploymentPlan(
        goal=forward,
        stored=rows.inventory(rollout.stored),
        previous=back,
        stays=rollout.stays,
        keep=await targets.kept_for_later(deployment, destination),
        budget=budget,
        difference=difference,
        adopt=deployment.adopt,
        is_rollback=deployment.kind is DeploymentKind.ROLLBACK,
        verified=await targets.verified_sequence(deployment),
    )
    return deployment, plan, destination


async def _failure_report(
    destination: Destination,
    goal: Target,
    watched: WatchResult,
    begun: Begun,
    difference: Any,
    mask: failure_reports.Mask,
) -> failure_reports.FailureReport:
    causes = diagnose.diagnose(watched.observation, goal.rules(begun), now=context.current().now())
    return await failure_reports.take(destination, goal, watched, others=causes[1:], difference=difference, mask=mask)


async def _refused(deployment: Deployment, applied: Applied, begun: Begun) -> Cause | None:
    if not applied.refusals:
        return None
    return apply_phase.refused(applied, at=begun.at, mask=await targets.mask(deployment, await _revision(deployment)))


async def _revision(deployment: Deployment) -> Revision:
    found = await context.current().store.releases.revision(deployment.revision_id)
    revealed.note(manifest_secrets.values(each.object for each in found.everything).values())
    return found


def _begun(data: Any) -> Begun:
    return msgspec.convert(data, Begun)


def _watched(data: Any) -> WatchResult:
    return msgspec.convert(data, WatchResult)
