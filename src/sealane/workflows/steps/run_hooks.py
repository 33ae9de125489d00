"""What goes on beside a deployment: hooks before, after and on failure, and gates, as bodies of durable steps.

Each may be run again by a worker that takes over: Jobs are found by their names, samples begin anew, and what a person was
asked stays asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from sealane.deployments import (
    apply_phase,
    deployment_markers,
    failure_reports,
    hooks,
    hooks_and_gates,
    jobs,
    log_scan,
    new_errors,
    prune_phase,
    run_hooks,
)
from sealane.deployments.gates import evaluate, run_gates
from sealane.deployments.gates.context import GateContext
from sealane.deployments.gates.model import GateResult, Outcome, Report
from sealane.deployments.model import Begun, DeploymentPlan, Phase, Progress, Target, WatchResult
from sealane.destinations.port import Destination
from sealane.environments import egress_allowlist
from sealane.events.model import Alert
from sealane.records.model import Deployment, GateWord
from sealane.releases import changes
from sealane.stencils.gates import Alerts, Gate, When
from sealane.stencils.model import Revision
from sealane.store import rows
from sealane.verdicts.model import Cause, Verdict
from sealane.workflows import context
from sealane.workflows.steps import cancellation, targets, timeline
from sealane.workflows.steps.phases import Rollout

POLL = 0.5
"""Seconds between two looks for a person's word."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Standing:
    """A deployment and all that its hooks and gates need."""

    rollout: Rollout
    deployment: Deployment
    revision: Revision
    previous: Revision | None
    goal: Target
    destination: Destination
    mask: failure_reports.Mask

    @property
    def where(self) -> jobs.JobContext:
        return jobs.JobContext(
            destination=self.destination, fence=self.rollout.fence, mask=self.mask, now=context.current().now
        )

    @property
    def difference(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(changes.between(self.previous, self.revision).to_json()["objects"])


async def before(rollout: Rollout) -> dict[str, Any]:
    """Runs the hooks before the rollout. Gives `cause` when one failed, hooks `done`, and the `inventory` then.

    Key: deployment and hook, by the Jobs' names. Undo: `undo`; when one fails, this itself undoes the others.
    """
    bench = context.current()
    standing = await _standing(rollout)
    deployment, goal = standing.deployment, standing.goal
    release = hooks.release_key(goal.identity)
    ran = await bench.store.hooks.ran(deployment.app, deployment.formation, release, besides=deployment.id)
    own = hooks_and_gates.of(standing.revision, ran=ran, back=deployment.kind == "rollback")
    await _expect(standing, own)
    async with _telling(deployment.id, Phase.HOOKS) as tell:
        came = await run_hooks.before(goal, own, standing.where, tell)
        await bench.store.hooks.note(deployment, release, came.ran.done, at=bench.now())
        if came.ran.cause is None:
            return {"cause": None, "done": list(came.ran.done), "inventory": None}
        failure_report = hooks_and_gates.refused(came.ran.cause, came.ran.failure_report, standing.difference)
        await bench.store.deployments.keep_failure_report(deployment.id, failure_report.to_json(), at=bench.now())
        undone = await run_hooks.undo(goal, own, came.ran.done, standing.where, tell)
    await bench.store.hooks.forget(deployment, release, undone.done)
    stored = rows.inventory(rollout.stored)
    there = Begun(inventory=stored, at=bench.now())
    plan = DeploymentPlan(goal=goal, stored=stored, keep=await targets.kept_for_later(deployment, standing.destination))
    pruned = await prune_phase.clear(
        standing.destination, plan, failed=came.inventory, restored=there, fence=rollout.fence
    )
    return {
        "cause": rows.plain(failure_report.cause),
        "done": [],
        "inventory": rows.plain(pruned.inventory),
        "stays": hooks_and_gates.not_undone(came.ran.done, undone),
    }


async def after(rollout: Rollout, watched: Any) -> dict[str, Any]:
    """Runs the hooks after the rollout. Gives `failed`: what was watched, as failed by a hook, or None.

    Key: deployment and hook, by the Jobs' names. Undo: none.
    """
    standing = await _standing(rollout)
    async with _telling(standing.deployment.id, Phase.HOOKS) as tell:
        own = hooks_and_gates.of(standing.revision)
        ran = await run_hooks.at(When.AFTER, standing.goal, own, standing.where, tell)
    if ran.cause is None:
        return {"failed": None}
    return {"failed": await _failed(standing, ran.cause, ran.failure_report, watched)}


async def failure(rollout: Rollout, verdict: Any) -> None:
    """Runs the hooks of a failure, which learn the cause. Key: deployment and hook, by the Jobs' names. Undo: none."""
    standing = await _standing(rollout)
    found = msgspec.convert(verdict, Verdict)
    async with _telling(standing.deployment.id, Phase.HOOKS) as tell:
        await run_hooks.failed(
            standing.goal,
            hooks_and_gates.of(standing.revision),
            standing.where,
            tell,
            cause=found.reason,
            verdict=found.kind.value,
        )


async def annotate(rollout: Rollout, verdict: Any) -> None:
    """Tells metric stores how it ended. Key: the deployment and the moment of its verdict. Undo: none."""
    standing = await _standing(rollout)
    async with _telling(standing.deployment.id, Phase.HOOKS) as tell:
        around = _around(standing, tell)
        how = deployment_markers.MarkerContext(
            secret=around.secret, tell=tell, allowed=around.allowed, adapters=around.adapters
        )
        found = msgspec.convert(verdict, Verdict)
        await deployment_markers.annotate(standing.revision.annotations, standing.goal.identity, found, how)


async def undo(rollout: Rollout) -> dict[str, Any]:
    """Takes back the hooks that ran in this deployment. Gives what `stays`. Key: deployment and hook, by the Jobs' names.

    Undo: none.
    """
    standing = await _standing(rollout)
    async with _telling(standing.deployment.id, Phase.HOOKS) as tell:
        own = hooks_and_gates.of(standing.revision)
        undone = await run_hooks.undo(standing.goal, own, rollout.hooked, standing.where, tell)
    release = hooks.release_key(standing.goal.identity)
    await context.current().store.hooks.forget(standing.deployment, release, undone.done)
    return {"stays": hooks_and_gates.not_undone(rollout.hooked, undone)}


async def gates(rollout: Rollout, key: str, names: Sequence[str], begun: Any, watched: Any) -> dict[str, Any]:
    """Checks gates, and waits for a person's word on inconclusive ones. Gives `failed` as `after` does.

    Key: deployment, place in the rollout and gate. Undo: none, it only looks.
    """
    standing = await _standing(rollout)
    chosen = [gate for gate in standing.revision.strategy.every_gate if gate.name in names]
    at = msgspec.convert(begun, Begun).at
    async with _telling(standing.deployment.id, Phase.GATES) as tell:
        tell(f"checks {_listed(chosen)}")
        spoken = _spoken(standing, chosen, key, at, tell)
        report = await cancellation.unless_called_off(standing.deployment.id, spoken)
    if isinstance(report, Cause):
        return {"failed": await _failed(standing, report, None, watched)}
    cause = report.cause(context.current().now())
    if cause is None:
        return {"failed": None}
    return {"failed": await _failed(standing, cause, hooks_and_gates.evidence(report), watched)}


async def printed_before(rollout: Rollout) -> list[str]:
    """Signatures of the error lines of what is there before. Key: none needed, it only looks. Undo: none."""
    standing = await _standing(rollout)
    stored = rows.inventory(rollout.stored)
    found = await log_scan.lines(standing.destination, stored, namespace=standing.deployment.namespace)
    return list(new_errors.known(failure_reports.lines(found, standing.mask)))


async def printed_now(rollout: Rollout, before: Sequence[str], begun: Any, watched: Any) -> dict[str, Any]:
    """Compares error lines with those before. Gives `failed` as `after` does. Key: none needed, it only looks."""
    standing = await _standing(rollout)
    there = msgspec.convert(begun, Begun).inventory
    found = await log_scan.lines(standing.destination, there, namespace=standing.deployment.namespace)
    how = standing.revision.strategy.guard.new_errors
    checked = log_scan.checked(tuple(before), failure_reports.lines(found, standing.mask), how)
    async with _telling(standing.deployment.id, Phase.GATES) as tell:
        tell(checked.sentence)
    cause = Report(checked=(checked,)).cause(context.current().now())
    return {"failed": await _failed(standing, cause, None, watched) if cause else None}


async def _spoken(
    standing: _Standing, chosen: Sequence[Gate], key: str, since: datetime, tell: Callable[[str], None]
) -> Report:
    """The gates' report, with people's words on inconclusive ones: it passes or fails."""
    store = context.current().store
    words = {word.gate for word in await store.gates.of(standing.deployment.id) if word.key == key}
    own = hooks_and_gates.of(standing.revision)
    subject = hooks_and_gates.subject(own, standing.goal, key=key, since=since)
    fresh = [gate for gate in chosen if gate.name not in words]
    report = await evaluate.evaluate(fresh, subject=subject, around=_around(standing, tell))
    if report.outcome is Outcome.FAIL:
        return report
    says = {each.gate: each.message for each in report.checked if each.outcome is Outcome.INCONCLUSIVE}
    asked = [gate for gate in chosen if gate.name in words or gate.name in says]
    passed = [each for each in report.checked if each.gate not in says]
    said = await asyncio.gather(*(_word(standing, gate, key, says.get(gate.name, ""), tell) for gate in asked))
    return Report(checked=(*passed, *said))


async def _word(standing: _Standing, gate: Gate, key: str, says: str, tell: Callable[[str], None]) -> GateResult:
    """Asks people about one gate, and waits for as long as the gate says."""
    bench = context.current()
    deployment, now = standing.deployment, bench.now()
    question = GateWord(
        deployment_id=deployment.id, key=key, gate=gate.name, message=says, asked=now, until=now + gate.wait
    )
    word = await bench.store.gates.ask(question)
    tell(f"waits for a person's word on gate {gate.name}: {word.message.rstrip('.')}")
    while word.passes is None and bench.now() < word.until:
        await asyncio.sleep(POLL)
        asked = await bench.store.gates.of(deployment.id)
        word = next(each for each in asked if (each.key, each.gate) == (key, gate.name))
    unsure = GateResult(gate=gate.name, outcome=Outcome.INCONCLUSIVE, message=word.message)
    checked = run_gates.spoken(unsure, word.passes, who=word.by or "a person", reason=word.reason)
    tell(checked.sentence)
    return checked


def _around(standing: _Standing, tell: Callable[[str], None]) -> GateContext:
    bench = context.current()
    deployment, revision = standing.deployment, standing.revision

    async def secret(reference: str) -> str:
        found = await targets.resolved(deployment, {"key": reference})
        return found["key"].reveal().decode("utf-8", "replace")

    async def came(check: Alerts, since: datetime) -> Sequence[Alert]:
        found = await bench.store.alerts.since(deployment.app, deployment.formation, since)
        return [each for each in found if check.matching.items() <= each.labels.items()]

    return GateContext(
        destination=standing.destination,
        adapters=bench.adapters,
        fence=standing.rollout.fence,
        secret=secret,
        allowed=egress_allowlist.allowlist(
            bench.environment(revision.environment).gate_hosts, bench.settings.egress.allowed
        ),
        alerts=came,
        mask=standing.mask,
        tell=tell,
        now=bench.now,
    )


async def _failed(
    standing: _Standing, cause: Cause, evidence: Mapping[str, Any] | None, watched: Any
) -> dict[str, Any]:
    """What was watched as a failure, its failure report kept."""
    bench = context.current()
    seen = hooks_and_gates.failing(msgspec.convert(watched["seen"], WatchResult), cause)
    taken = await failure_reports.take(
        standing.destination, standing.goal, seen, difference=standing.difference, mask=standing.mask
    )
    failure_report = hooks_and_gates.with_evidence(taken, evidence)
    await bench.store.deployments.keep_failure_report(standing.deployment.id, failure_report.to_json(), at=bench.now())
    known = failure_report.cause or cause
    seen = hooks_and_gates.failing(seen, known)
    return {**watched, "healthy": False, "cause": rows.plain(known), "seen": rows.plain(seen)}


async def _expect(standing: _Standing, own: hooks_and_gates.HooksAndGates) -> None:
    """Notes what will be written for hooks, before the first write."""
    needed = own.made | {f"Namespace/{standing.deployment.namespace}"}
    objects = [each.object for each in standing.revision.objects if f"{each.kind}/{each.name}" in needed]
    if not objects:
        return
    deployment = standing.deployment
    coming = await standing.destination.refs(objects, namespace=deployment.namespace)
    both = apply_phase.union(rows.inventory(standing.rollout.stored), coming)
    await standing.rollout.fence()
    await context.current().store.formations.set_inventory(deployment.app, deployment.formation, both)


async def _standing(rollout: Rollout) -> _Standing:
    store = context.current().store
    deployment = await store.deployments.get(rollout.deployment_id)
    revision = await store.releases.revision(deployment.revision_id)
    formation = await store.formations.get(deployment.app, deployment.formation)
    destination = await targets.destination_of(deployment)
    old = (await store.deployments.get(rollout.previous)).revision_id if rollout.previous else None
    return _Standing(
        rollout=rollout,
        deployment=deployment,
        revision=revision,
        previous=await store.releases.revision(old) if old else None,
        goal=await targets.goal(deployment, revision, formation, destination),
        destination=destination,
        mask=await targets.mask(deployment, revision),
    )


@asynccontextmanager
async def _telling(deployment_id: str, phase: Phase) -> AsyncIterator[Callable[[str], None]]:
    async with timeline.progress(deployment_id) as listener:

        def tell(says: str) -> None:
            at = context.current().now()
            listener(Progress(phase=phase, at=at, message=says, key=f"{phase} {says}"))

        yield tell


def _listed(chosen: Sequence[Gate]) -> str:
    names = ", ".join(gate.name for gate in chosen)
    return f"gate {names}" if len(chosen) == 1 else f"gates {names}"
