"""Runs one planned step in containers, from its first attempt to its end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sealane import run_events
from sealane.pipelines import retries
from sealane.pipelines.model import FailureClass, PlannedStep, Step, StepStatus
from sealane.reports.model import Reading
from sealane.run_events import Listener
from sealane.runners import logs, specs, test_reports
from sealane.runners.model import RunContext, StepResult
from sealane.runs.model import StepEnd
from sealane.runs.port import Context
from sealane.runs.steps import cancellation, services

_WHY = {StepStatus.FAILED: FailureClass.FAILURE, StepStatus.BROKEN: FailureClass.INFRASTRUCTURE}


async def run_step(context: Context, planned: PlannedStep) -> StepEnd:
    """Runs one planned step with its retries, its log masked, and keeps what its tests reported.

    Key: each attempt's container, named for run, step and attempt. One that exists is attached to, none is started
    twice; its log and report replace the earlier ones. Undo: the run's end removes the containers.
    """
    memory, key = context.memory, planned.key
    if by := await memory.cancelled_by():
        return await memory.end(key, StepEnd(status=StepStatus.CANCELLED, reason=by, ended=context.now()))
    work = await memory.prepared(planned.workflow)
    async with memory.listener() as listener:
        end = await cancellation.unless_cancelled(memory, _attempts(context, work, planned, listener))
        if isinstance(end, cancellation.Cancelled):
            end = StepEnd(status=StepStatus.CANCELLED, reason=end.by, ended=context.now())
        elif end.status is StepStatus.FAILED:
            end = await services.explained(context, work, end, listener)
            if work.pipeline.step(planned.name).ignores_failure:
                end = replace(
                    end, status=StepStatus.PASSED, reason=f"{end.reason}; its failure is ignored, as its file says"
                )
    return await memory.end(key, end)


async def _attempts(context: Context, work: RunContext, planned: PlannedStep, listener: Listener) -> StepEnd:
    step = work.pipeline.step(planned.name)
    attempt = 1
    first: StepResult | None = None
    while True:
        result = await _attempt(context, work, planned, listener, attempt)
        first = first or result
        why = _WHY.get(result.status)
        pause = retries.again(step.retry, attempt, why) if why else None
        if pause is None:
            break
        listener(
            run_events.StepRetried(
                run=work.run.value,
                key=planned.key,
                attempt=attempt,
                status=result.status,
                reason=result.reason or "",
                at=context.now(),
            )
        )
        await asyncio.sleep(pause.total_seconds())
        attempt += 1
    return StepEnd(
        status=result.status,
        exit_code=result.exit_code,
        reason=_counted(result.reason, attempt),
        started=first.started,
        ended=result.ended,
    )


async def _attempt(
    context: Context, work: RunContext, planned: PlannedStep, listener: Listener, attempt: int
) -> StepResult:
    step = work.pipeline.step(planned.name)
    spec = specs.step(work, planned.key, step, attempt)
    run = work.run.value

    def tell(data: bytes) -> None:
        listener(run_events.LogWritten(run=run, key=planned.key, attempt=attempt, data=data))

    listener(run_events.StepStarted(run=run, key=planned.key, attempt=attempt, at=context.now()))
    log = logs.Log(work.secrets, tell)
    try:
        result = await context.runner.run_step(work.run, spec, log.write)
    finally:
        log.close()
    if read := await _reports(work, step, result):
        key, at = planned.key, context.now()
        reported = run_events.ReportsRead(
            run=run, key=key, attempt=attempt, report=read.report, cases=read.cases, at=at
        )
        listener(reported)
    return StepResult(
        status=result.status,
        exit_code=result.exit_code,
        reason=log.masked(result.reason),
        started=result.started,
        ended=result.ended,
    )


async def _reports(work: RunContext, step: Step, result: StepResult) -> Reading | None:
    """What the attempt's tests reported; None for a step without reports, and for one that could not write any."""
    patterns = step.reports.get("junit", ())
    if not patterns or result.status is StepStatus.CANCELLED:
        return None
    collected = await test_reports.read(work.workspace, patterns, since=result.started, secrets=work.secrets)
    return collected if collected.report.files or result.status is not StepStatus.BROKEN else None


def _counted(reason: str | None, attempts: int) -> str | None:
    return f"{reason}, after {attempts} attempts" if reason and attempts > 1 else reason
