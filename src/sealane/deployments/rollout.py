"""A whole rollout, from applying to the verdict: the story that a durable workflow tells phase by phase.

Every phase is idempotent and can be called alone: `apply_phase.apply`, `watch_phase.watch`, `failure_reports.take`, then either
`prune_phase.prune` or, to go back, `apply_phase.apply` and `watch_phase.watch` with the revision verified before, and
`prune_phase.clear`. Going back is no code of its own: it is the same apply and watch with another target.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sealane import clock, errors
from sealane.deployments import (
    apply_phase,
    deployment_markers,
    failure_reports,
    finished_work,
    hooks_and_gates,
    jobs,
    log_scan,
    messages,
    model,
    new_errors,
    prune_phase,
    run_hooks,
    watch_phase,
)
from sealane.deployments.gates import model as gates
from sealane.deployments.gates import run_gates, select
from sealane.deployments.gates.context import GateContext, no_secret
from sealane.destinations import model as destinations
from sealane.destinations import stages
from sealane.destinations.port import Destination
from sealane.stencils.gates import NewLines, When
from sealane.verdicts import diagnose, outcomes
from sealane.verdicts import model as verdicts
from sealane.verdicts.messages import causes


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What a rollout works with."""

    destination: Destination
    fence: destinations.Fence = destinations.unfenced
    listener: model.Listener = model.unheard
    mask: failure_reports.Mask = failure_reports.plain
    now: clock.Clock = field(default=clock.now)
    beside: hooks_and_gates.HooksAndGates = field(default_factory=hooks_and_gates.HooksAndGates)
    """The hooks and gates of the plan's revision."""
    ask: run_gates.Ask = run_gates.nobody
    """Asks a person how to take an inconclusive gate."""
    secret: Callable[[str], Awaitable[str]] = no_secret
    """Resolves a reference of a secret, of a gate or an annotation."""

    @property
    def where(self) -> jobs.JobContext:
        """What Jobs beside the rollout are run with."""
        return jobs.JobContext(destination=self.destination, fence=self.fence, mask=self.mask, now=self.now)

    @property
    def gates(self) -> GateContext:
        """What gates are checked with; on a person's own machine they may ask any host."""
        return GateContext(
            destination=self.destination,
            fence=self.fence,
            secret=self.secret,
            mask=self.mask,
            tell=lambda says: self.tell(model.Phase.GATES, says),
            now=self.now,
        )

    def watcher(self, notes: watch_phase.WatchNotes) -> watch_phase.WatchContext:
        """By what the rollout is watched, with what the guard has seen of it."""
        return watch_phase.WatchContext(notes=notes, listener=self.listener, mask=self.mask, now=self.now)

    def hooked(self, says: str) -> None:
        """Tells the listener of a hook."""
        self.tell(model.Phase.HOOKS, says)

    def tell(self, phase: model.Phase, says: str) -> None:
        """Tells the listener that a phase has come to something."""
        self.listener(model.Progress(phase=phase, at=self.now(), message=says, key=f"{phase} {says}"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A goal that was not reached, with its evidence."""

    cause: verdicts.Cause
    failure_report: failure_reports.FailureReport


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthyStage:
    """The last stage that was healthy."""

    begun: model.Begun
    watched: model.WatchResult


async def roll_out(plan: model.DeploymentPlan, around: Context) -> model.Outcome:
    """Deploys the plan's revision, and goes back when it fails and there is something to go back to.

    The caller has stored the union of `plan.stored` and the goal's references before, and stores the outcome's
    inventory after. Raises `errors.Fenced`, and `errors.Unavailable` when the destination can't be reached.
    """
    before = await run_hooks.before(plan.goal, around.beside, around.where, around.hooked)
    own = replace(around.beside, done=before.ran.done)
    if own.new_errors is not NewLines.IGNORE and plan.previous:
        old = await log_scan.lines(around.destination, plan.stored, namespace=plan.goal.identity.namespace)
        own = replace(own, printed=new_errors.known(failure_reports.lines(old, around.mask)))
    around = replace(around, beside=own)
    if before.ran.cause:
        outcome = await _not_begun(plan, before, around)
    else:
        outcome = await _in_stages(plan, around)
    if outcome.verdict.kind is not verdicts.VerdictKind.DEPLOYED:
        said = {"cause": outcome.verdict.reason, "verdict": outcome.verdict.kind.value}
        await run_hooks.failed(plan.goal, around.beside, around.where, around.hooked, **said)
    how = deployment_markers.MarkerContext(secret=around.secret, tell=around.hooked)
    await deployment_markers.annotate(around.beside.annotations, plan.goal.identity, outcome.verdict, how)
    return outcome


async def _in_stages(plan: model.DeploymentPlan, around: Context) -> model.Outcome:
    """Stage after stage, until one fails or the last one is healthy and its gates are passed."""
    passed: HealthyStage | None = None
    notes = watch_phase.WatchNotes()
    course = plan.goal.in_stages()
    for stage in course:
        if stage.message:
            around.tell(model.Phase.APPLY, stage.message)
        if stage.kind is stages.StageKind.PAUSE:
            assert passed is not None, "a course begins with something that is written"
            begun = apply_phase.watched_on(passed.begun, at=around.now(), pause=stage.pause)
        else:
            earlier = passed.begun if passed else None
            applied, begun = await apply_phase.apply(
                around.destination,
                apply_phase.in_stage(plan.goal, earlier),
                stage=stage,
                fence=around.fence,
                adopt=plan.adopt,
                now=around.now,
            )
            begun = apply_phase.after(earlier, begun)
            if cause := apply_phase.refused(applied, at=begun.at, mask=around.mask):
                failure = Failure(
                    cause=cause, failure_report=failure_reports.refused(cause, difference=plan.difference)
                )
                around.tell(model.Phase.APPLY, cause.sentence)
                if not applied.changed and passed is None:
                    return _left(plan, failure, begun, around, verdict=outcomes.refused(cause, at=around.now()))
                return await _go_back(plan, failure, begun, around)
            around.tell(model.Phase.APPLY, messages.applied_words(applied))
        watched = await _watch(plan, begun, notes, around)
        begun = replace(begun, ended=finished_work.joined(begun.ended, finished_work.ended(watched.observation)))
        if watched.judgement.state is verdicts.State.HEALTHY:
            passed = HealthyStage(begun=begun, watched=watched)
            if stopped := await _stopped(plan, stage, course, passed, around):
                return await _go_back(plan, stopped, begun, around)
            if hooks_and_gates.takes_time(
                around.beside, stage, course
            ):  # what was healthy then may have failed meanwhile
                begun = apply_phase.watched_on(begun, at=around.now())
                watched = await _watch(plan, begun, notes, around)
                passed = HealthyStage(begun=begun, watched=watched)
        if watched.judgement.state is not verdicts.State.HEALTHY:
            failure = await _failure(plan.goal, watched, begun, around, difference=plan.difference)
            return await _go_back(plan, failure, begun, around)
    assert passed is not None, "every course has a stage"
    return await _deployed(plan, passed.watched, passed.begun, around)


async def _watch(
    plan: model.DeploymentPlan, begun: model.Begun, notes: watch_phase.WatchNotes, around: Context
) -> model.WatchResult:
    return await watch_phase.watch(
        around.destination,
        plan.goal,
        begun=begun,
        by=around.watcher(notes),
    )


async def _stopped(
    plan: model.DeploymentPlan,
    stage: stages.Stage,
    course: Sequence[stages.Stage],
    passed: HealthyStage,
    around: Context,
) -> Failure | None:
    """Why a gate of a healthy stage, or a hook after the last one, stops the rollout; None when nothing does."""
    cause, evidence = None, None
    if chosen := select.chosen(around.beside.gates, stage, course):
        subject = hooks_and_gates.subject(around.beside, plan.goal, key=stage.name or "rolling", since=passed.begun.at)
        report = await run_gates.run_gates(chosen, subject=subject, around=around.gates, ask=around.ask)
        cause, evidence = report.cause(around.now()), hooks_and_gates.evidence(report)
    if cause is None and stage is course[-1] and around.beside.printed is not None:
        cause = (await _new_lines(plan, passed, around)).cause(around.now())
    if cause is None and stage is course[-1]:
        ran = await run_hooks.at(When.AFTER, plan.goal, around.beside, around.where, around.hooked)
        cause, evidence = ran.cause, ran.failure_report
    if cause is None:
        return None
    watched = hooks_and_gates.failing(passed.watched, cause)
    failure = await _failure(plan.goal, watched, passed.begun, around, difference=plan.difference)
    failure_report = hooks_and_gates.with_evidence(failure.failure_report, evidence)
    return Failure(cause=failure_report.cause or failure.cause, failure_report=failure_report)


async def _new_lines(plan: model.DeploymentPlan, passed: HealthyStage, around: Context) -> gates.Report:
    """What the guard makes of error lines."""
    own = around.beside
    found = await log_scan.lines(around.destination, passed.begun.inventory, namespace=plan.goal.identity.namespace)
    checked = log_scan.checked(own.printed or (), failure_reports.lines(found, around.mask), own.new_errors)
    around.tell(model.Phase.GATES, checked.sentence)
    return gates.Report(checked=(checked,))


async def _not_begun(plan: model.DeploymentPlan, before: run_hooks.BeforeHooksResult, around: Context) -> model.Outcome:
    """A hook before the rollout failed: what it did is undone where it can be, and what was written for it."""
    assert before.ran.cause is not None, "it failed"
    cause, inventory = before.ran.cause, before.inventory
    failure_report = hooks_and_gates.refused(cause, before.ran.failure_report, plan.difference)
    undone = await run_hooks.undo(plan.goal, around.beside, before.ran.done, around.where, around.hooked)
    there = model.Begun(inventory=plan.stored, at=around.now())
    pruned = await prune_phase.clear(around.destination, plan, failed=inventory, restored=there, fence=around.fence)
    return model.Outcome(
        verdict=outcomes.not_begun(
            failure_report.cause or cause, at=around.now(), stays=hooks_and_gates.not_undone(before.ran.done, undone)
        ),
        inventory=pruned.inventory,
        failure_report=failure_report.to_json(),
        hooks=hooks_and_gates.still_run(around.beside, undone.done),
    )


async def _deployed(
    plan: model.DeploymentPlan, watched: model.WatchResult, begun: model.Begun, around: Context
) -> model.Outcome:
    pruned = await prune_phase.prune(around.destination, plan, begun, fence=around.fence)
    if words := messages.pruned_words(pruned):
        around.tell(model.Phase.PRUNE, words)
    verdict = outcomes.deployed(
        at=around.now(),
        workloads=model.lasting(watched, plan.goal, begun.inventory),
        healthy_for=model.held_for(watched, plan.goal, begun),
        notes=messages.notes(watched, begun),
        finished=finished_work.joined(plan.goal.finished, begun.ended),
        unconfirmed=pruned.unconfirmed,
    )
    return model.Outcome(
        verdict=verdict,
        inventory=pruned.inventory,
        startup=watched.startup,
        held=pruned.held,
        hooks=hooks_and_gates.still_run(around.beside, ()),
    )


async def _failure(
    goal: model.Target,
    watched: model.WatchResult,
    begun: model.Begun,
    around: Context,
    *,
    difference: Sequence[Mapping[str, Any]] = (),
) -> Failure:
    """Takes the failure report while everything is still there."""
    causes = diagnose.diagnose(watched.observation, goal.rules(begun), now=around.now())
    failure_report = await failure_reports.take(
        around.destination, goal, watched, others=causes[1:], difference=difference, mask=around.mask
    )
    around.tell(model.Phase.FAILURE_REPORT, f"kept {messages.evidence_words(failure_report)}")
    cause = failure_report.cause or watched.judgement.cause
    assert cause is not None
    return Failure(cause=cause, failure_report=failure_report)


async def _go_back(plan: model.DeploymentPlan, failure: Failure, begun: model.Begun, around: Context) -> model.Outcome:
    previous = plan.previous
    if previous is None:
        verdict = outcomes.failed(failure.cause, at=around.now(), because=plan.stays)
        return _left(plan, failure, begun, around, verdict=verdict)
    if plan.barred:
        barred = apply_phase.not_allowed("", messages.barred(previous.identity.revision, plan.barred), at=around.now())
        second = Failure(cause=barred, failure_report=failure_reports.refused(barred))
        return _stuck(failure, second, around, there=_everything(plan, begun))
    around.tell(model.Phase.REVERT, f"going back to {messages.short(previous.identity.revision)}")
    try:
        applied, restored = await apply_phase.apply(around.destination, previous, fence=around.fence, now=around.now)
    except errors.Refused as refused:  # an old secret is gone, say
        second = Failure(
            cause=_unable(refused, around), failure_report=failure_reports.refused(_unable(refused, around))
        )
        return _stuck(failure, second, around, there=_everything(plan, begun))
    if cause := apply_phase.refused(applied, at=restored.at, mask=around.mask):
        second = Failure(cause=cause, failure_report=failure_reports.refused(cause))
        return _stuck(failure, second, around, there=_everything(plan, begun, restored))
    watched = await watch_phase.watch(
        around.destination,
        previous,
        begun=restored,
        phase=model.Phase.REVERT,
        by=around.watcher(watch_phase.WatchNotes()),
    )
    if watched.judgement.state is not verdicts.State.HEALTHY:
        second = await _failure(previous, watched, restored, around)
        return _stuck(failure, second, around, there=_everything(plan, begun, restored))
    ran = await finished_work.ran(around.destination, plan, begun)
    pruned = await prune_phase.clear(
        around.destination, plan, failed=begun.inventory, restored=restored, fence=around.fence
    )
    if words := messages.pruned_words(pruned):
        around.tell(model.Phase.PRUNE, words)
    undone = await run_hooks.undo(plan.goal, around.beside, around.beside.done, around.where, around.hooked)
    left = (
        messages.held_words(pruned.held),
        messages.ran_words(ran),
        hooks_and_gates.not_undone(around.beside.done, undone),
    )
    return model.Outcome(
        verdict=outcomes.rolled_back(failure.cause, at=around.now(), stays=left),
        inventory=pruned.inventory,
        failure_report=failure.failure_report.to_json(),
        held=pruned.held,
        hooks=hooks_and_gates.still_run(around.beside, undone.done),
    )


def _left(
    plan: model.DeploymentPlan,
    failure: Failure,
    begun: model.Begun,
    around: Context,
    *,
    verdict: verdicts.Verdict,
) -> model.Outcome:
    return model.Outcome(
        verdict=verdict,
        inventory=_everything(plan, begun),
        failure_report=failure.failure_report.to_json(),
        hooks=hooks_and_gates.still_run(around.beside, ()),
    )


def _stuck(first: Failure, second: Failure, around: Context, *, there: destinations.Inventory) -> model.Outcome:
    return model.Outcome(
        verdict=outcomes.rollback_failed(first.cause, second.cause.sentence, at=around.now()),
        inventory=there,
        failure_report=first.failure_report.to_json(),
        second_failure_report=second.failure_report.to_json(),
        hooks=hooks_and_gates.still_run(around.beside, ()),
    )


def _unable(refused: errors.Refused, around: Context) -> verdicts.Cause:
    return verdicts.Cause(
        sentence=causes.told(around.mask(refused.message), refused.hint or ""),
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
        inventory = apply_phase.union(inventory, each.inventory)
    return inventory
