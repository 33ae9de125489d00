"""Hooks of a rollout, and telling metric stores how it ended. A repeat finds Jobs by name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sealane.deployments import apply_phase, deployment_markers, hooks_and_gates, run_hooks
from sealane.deployments.memory import Prepared
from sealane.deployments.model import Begun, Phase
from sealane.deployments.steps import rollout
from sealane.deployments.steps.reports import Failing
from sealane.deployments.steps.work import Work
from sealane.destinations.model import Inventory
from sealane.formations.gates import When
from sealane.verdicts.model import Cause, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class BeforeHooks:
    """The result of the hooks before a rollout."""

    done: tuple[str, ...] = ()
    cause: Cause | None = None
    """Why one failed; the others are undone then, where possible."""
    inventory: Inventory | None = None
    """What the formation has there after a failure."""
    stays: str = ""
    """What was done and not undone, in words."""


async def before(work: Work) -> BeforeHooks:
    """Runs the hooks before the rollout. Key: deployment and hook, by the Jobs' names. Undo: `undo`, or itself."""
    prepared = await work.prepared()
    own = replace(prepared.beside, ran=await work.memory.hooks_ran())
    plan, where = prepared.plan, await work.jobs(prepared)
    await _expect(work, prepared)
    async with work.telling(Phase.HOOKS) as tell:
        came = await run_hooks.before(plan.target, own, where, tell)
        await work.memory.note_hooks(came.ran.done)
        if came.ran.cause is None:
            return BeforeHooks(done=came.ran.done)
        report = hooks_and_gates.refused(came.ran.cause, came.ran.failure_report, plan.difference)
        await work.memory.keep_report(report)
        undone = await run_hooks.undo(plan.target, own, came.ran.done, where, tell)
    await work.memory.forget_hooks(undone.done)
    there = Begun(inventory=plan.stored, at=work.context.now())
    pruned = await rollout.cleared(work, prepared, came.inventory, there)
    return BeforeHooks(
        cause=report.cause or came.ran.cause,
        inventory=pruned.inventory,
        stays=hooks_and_gates.not_undone(came.ran.done, undone),
    )


async def after(work: Work) -> Failing | None:
    """Runs the hooks after the rollout. Gives why one fails it. Key: deployment and hook. Undo: none."""
    prepared = await work.prepared()
    async with work.telling(Phase.HOOKS) as tell:
        where = await work.jobs(prepared)
        ran = await run_hooks.at(When.AFTER, prepared.plan.target, prepared.beside, where, tell)
    return Failing(cause=ran.cause, evidence=ran.failure_report) if ran.cause else None


async def failure(work: Work, verdict: Verdict) -> None:
    """Runs the hooks of a failure, which learn the cause. Key: deployment and hook. Undo: none."""
    prepared = await work.prepared()
    async with work.telling(Phase.HOOKS) as tell:
        await run_hooks.failed(
            prepared.plan.target,
            prepared.beside,
            await work.jobs(prepared),
            tell,
            cause=verdict.reason,
            verdict=verdict.kind.value,
        )


async def undo(work: Work, done: tuple[str, ...]) -> str:
    """Undoes the hooks that ran in this deployment. Gives what stays, in words. Key: deployment and hook. Undo: none."""
    prepared = await work.prepared()
    async with work.telling(Phase.HOOKS) as tell:
        where = await work.jobs(prepared)
        undone = await run_hooks.undo(prepared.plan.target, prepared.beside, done, where, tell)
    await work.memory.forget_hooks(undone.done)
    return hooks_and_gates.not_undone(done, undone)


async def annotate(work: Work, verdict: Verdict) -> None:
    """Tells metric stores how it ended. Key: the deployment and the moment of its verdict. Undo: none."""
    prepared = await work.prepared()
    async with work.telling(Phase.HOOKS) as tell:
        how = deployment_markers.MarkerContext(
            secret=work.context.secret, tell=tell, allowed=work.context.allowed(), adapters=work.context.adapters
        )
        await deployment_markers.annotate(prepared.beside.annotations, prepared.plan.target.identity, verdict, how)


async def _expect(work: Work, prepared: Prepared) -> None:
    """Notes what will be written for hooks, before the first write."""
    target = prepared.plan.target
    needed = prepared.beside.made | {f"Namespace/{target.identity.namespace}"}
    objects = [
        manifest for manifest in target.manifests if f"{manifest['kind']}/{manifest['metadata']['name']}" in needed
    ]
    if objects:
        coming = await prepared.destination.refs(objects, namespace=target.identity.namespace)
        await work.memory.expect(apply_phase.union(prepared.plan.stored, coming), work.context.fence)
