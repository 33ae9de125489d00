"""Services of a run: started before its first step, and checked when a step has failed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sealane import run_events
from sealane.errors import Unavailable
from sealane.pipelines.model import StepStatus
from sealane.run_events import Listener
from sealane.runners import logs, specs
from sealane.runners.model import RunContext, ServiceHealth, ServiceSpec
from sealane.runs.model import StepEnd, Trouble
from sealane.runs.port import Context
from sealane.runs.steps import cancellation


async def start(context: Context, workflow: str) -> Trouble | None:
    """Starts all services of a workflow and waits until they are healthy. Gives the reason when no step can begin.

    Key: the services' containers, named for the run. Undo: the run's end removes them.
    """
    if by := await context.memory.cancelled_by():
        return Trouble(status=StepStatus.CANCELLED, reason=by)
    work = await context.memory.prepared(workflow)
    async with context.memory.listener() as listener:
        outcome = await cancellation.unless_cancelled(context.memory, _start_all(context, work, listener))
    if isinstance(outcome, cancellation.Cancelled):
        return Trouble(status=StepStatus.CANCELLED, reason=outcome.by)
    return Trouble(status=StepStatus.FAILED, reason=outcome) if outcome else None


async def explained(context: Context, work: RunContext, end: StepEnd, listener: Listener) -> StepEnd:
    """The end of a failed step, with a note when a service had died."""
    reason = end.reason
    for service in work.pipeline.services:
        spec = specs.service(work, service)
        try:
            health = await context.runner.ended_early(work.run, spec)
        except Unavailable:
            return end
        if health is not None:
            reason = f"{reason}; {_failed(context, work, spec, health, listener)}"
    return replace(end, reason=reason)


async def _start_all(context: Context, work: RunContext, listener: Listener) -> str | None:
    wanted = [specs.service(work, service) for service in work.pipeline.services]
    reasons = await asyncio.gather(*(_healthy(context, work, service, listener) for service in wanted))
    return next((reason for reason in reasons if reason), None)


async def _healthy(context: Context, work: RunContext, service: ServiceSpec, listener: Listener) -> str | None:
    run, runner = work.run.value, context.runner
    listener(run_events.ServiceStarted(run=run, service=service.name, at=context.now()))
    health = await runner.start_service(work.run, service) or await runner.await_healthy(work.run, service)
    if health.healthy:
        listener(run_events.ServiceHealthy(run=run, service=service.name, at=context.now()))
        return None
    return _failed(context, work, service, health, listener)


def _failed(context: Context, work: RunContext, service: ServiceSpec, health: ServiceHealth, listener: Listener) -> str:
    """Tells how a service failed, with its last lines, and gives that as a sentence."""
    parts: list[bytes] = []
    log = logs.Log(work.secrets, parts.append)
    log.write(health.log)
    log.close()
    reason = log.masked(health.reason) or "it failed"
    text = b"".join(parts).decode(errors="replace")
    listener(
        run_events.ServiceFailed(run=work.run.value, service=service.name, reason=reason, log=text, at=context.now())
    )
    return f"service {service.name}: {reason}"
