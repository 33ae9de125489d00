"""One planned step from its first attempt to its end: the same here for `sealane run` and for the server's flows."""

from __future__ import annotations

import asyncio

from sealane import clock, run_events
from sealane.pipelines import retries
from sealane.pipelines.model import FailureClass, PlannedStep, Step, StepStatus
from sealane.reports.model import Report
from sealane.runners import logs, specs, test_reports
from sealane.runners.model import RunContext, StepEnd, StepResult
from sealane.runners.port import Runner

_WHY = {StepStatus.FAILED: FailureClass.FAILURE, StepStatus.BROKEN: FailureClass.INFRASTRUCTURE}


async def run_step(
    work: RunContext,
    planned: PlannedStep,
    runner: Runner,
    listener: run_events.Listener,
    *,
    now: clock.Clock = clock.now,
) -> StepEnd:
    """Runs a step with its retries, tells the listener all of it, its log masked, and says how it ended.

    May be called again after a crash: attempts that have ended give their output and result again, so whoever keeps
    logs begins an attempt's log anew at StepStarted. Raises what the runner's run_step raises, CancelledError included.
    """
    step = work.pipeline.step(planned.name)
    attempt = 1
    first: StepResult | None = None
    while True:
        result = await _attempt(work, planned, runner, listener, attempt=attempt, now=now)
        first = first or result
        why = _WHY.get(result.status)
        pause = retries.again(step.retry, attempt, why) if why else None
        if pause is None:
            break
        reason = result.reason or ""
        listener(
            run_events.StepRetried(
                run=work.run.value,
                key=planned.key,
                attempt=attempt,
                status=result.status,
                reason=reason,
                at=now(),
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
    work: RunContext,
    planned: PlannedStep,
    runner: Runner,
    listener: run_events.Listener,
    *,
    attempt: int,
    now: clock.Clock,
) -> StepResult:
    step = work.pipeline.step(planned.name)
    spec = specs.step(work, planned.key, step, attempt)
    run = work.run.value

    def tell(data: bytes) -> None:
        listener(run_events.LogWritten(run=run, key=planned.key, attempt=attempt, data=data))

    listener(run_events.StepStarted(run=run, key=planned.key, attempt=attempt, at=now()))
    log = logs.Log(work.secrets, tell)
    try:
        result = await runner.run_step(work.run, spec, log.write)
    finally:
        log.close()
    if found := await _report(work, step, result):
        listener(run_events.ReportsRead(run=run, key=planned.key, attempt=attempt, report=found, at=now()))
    return StepResult(
        status=result.status,
        exit_code=result.exit_code,
        reason=log.masked(result.reason),
        started=result.started,
        ended=result.ended,
    )


async def _report(work: RunContext, step: Step, result: StepResult) -> Report | None:
    """What the attempt's tests reported; None for a step without reports, and for one that was kept from writing any."""
    patterns = step.reports.get("junit", ())
    if not patterns or result.status is StepStatus.CANCELLED:
        return None
    found = await test_reports.report(work.workspace, patterns, since=result.started, secrets=work.secrets)
    return found if found.files or result.status is not StepStatus.BROKEN else None


def _counted(reason: str | None, attempts: int) -> str | None:
    return f"{reason}, after {attempts} attempts" if reason and attempts > 1 else reason
