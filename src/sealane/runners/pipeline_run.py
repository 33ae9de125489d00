"""Running a whole pipeline in one process, from its services to its last step; `sealane run` does nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from sealane import clock, run_events
from sealane.errors import SealaneError, Unavailable
from sealane.pipelines import run_status, scheduling
from sealane.pipelines.model import Kind, Outcome, PlannedStep, StepStatus
from sealane.runners import logs, specs, steps
from sealane.runners.model import RunContext, RunResult, ServiceHealth, ServiceSpec, StepEnd
from sealane.runners.port import Output, Runner

Doer = Callable[[RunContext, PlannedStep, Output], Awaitable[tuple[StepEnd, Mapping[str, str]]]]
"""Does a planned step that is no container: an image. Gives how it ended and the references of images it made."""


async def run_pipeline(
    work: RunContext,
    runner: Runner,
    listener: run_events.Listener,
    *,
    stop: asyncio.Event,
    doers: Mapping[Kind, Doer] | None = None,
    now: clock.Clock = clock.now,
) -> RunResult:
    """Runs all of the plan, and removes all it made.

    Setting `stop` ends running steps with their grace and leaves out the rest. Planned steps of kinds without a doer
    must be skipped by the plan. What the engine can't do is a broken step, never an exception.
    """
    run = work.run.value
    listener(run_events.RunStarted(run=run, app=work.pipeline.app, steps=work.plan.steps, at=now()))
    loop = _Loop(work, runner, listener, doers or {}, now)
    doing = asyncio.create_task(loop.work_through())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([doing, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        doing.cancel()  # does nothing to what is done
        stopping.cancel()
        ended = await asyncio.gather(doing, stopping, return_exceptions=True)
        leftovers = await _destroyed(work, runner)
    if isinstance(ended[0], Exception):
        raise ended[0]
    loop.close()
    status = run_status.fold(end.status for end in loop.ends.values())
    listener(run_events.RunEnded(run=run, status=status, reason=leftovers, at=now()))
    return RunResult(
        status=status, steps={step.key: loop.ends[step.key] for step in work.plan.steps}, leftovers=leftovers
    )


async def start_services(
    work: RunContext, runner: Runner, listener: run_events.Listener, *, now: clock.Clock = clock.now
) -> tuple[StepStatus, str] | None:
    """Starts all services and waits until they are healthy; else says what that makes of the steps, and why."""
    wanted = [specs.service(work, service) for service in work.pipeline.services]
    try:
        found = await asyncio.gather(*(_healthy(work, service, runner, listener, now) for service in wanted))
    except Unavailable as error:
        return StepStatus.BROKEN, str(error)
    return next((StepStatus.FAILED, reason) for reason in found if reason) if any(found) else None


async def _healthy(
    work: RunContext, service: ServiceSpec, runner: Runner, listener: run_events.Listener, now: clock.Clock
) -> str | None:
    run = work.run.value
    listener(run_events.ServiceStarted(run=run, service=service.name, at=now()))
    health = await runner.start_service(work.run, service) or await runner.await_healthy(work.run, service)
    if health.healthy:
        listener(run_events.ServiceHealthy(run=run, service=service.name, at=now()))
        return None
    return _service_failed(work, service, health, listener, now)


def _service_failed(
    work: RunContext, service: ServiceSpec, health: ServiceHealth, listener: run_events.Listener, now: clock.Clock
) -> str:
    parts: list[bytes] = []
    log = logs.Log(work.secrets, parts.append)
    log.write(health.log)
    log.close()
    reason = log.masked(health.reason) or "it failed"
    text = b"".join(parts).decode(errors="replace")
    listener(run_events.ServiceFailed(run=work.run.value, service=service.name, reason=reason, log=text, at=now()))
    return f"service {service.name}: {reason}"


async def _destroyed(work: RunContext, runner: Runner) -> str | None:
    """Why something of the run could not be removed."""
    try:
        await asyncio.shield(runner.destroy(work.run))
    except SealaneError as error:
        return f"what the run made could not be removed: {error}"
    return None


class _Loop:
    """The state of one run: what has ended, and what is being done."""

    def __init__(
        self,
        work: RunContext,
        runner: Runner,
        listener: run_events.Listener,
        doers: Mapping[Kind, Doer],
        now: clock.Clock,
    ) -> None:
        self.ends: dict[str, StepEnd] = {}
        self._work = work
        self._runner = runner
        self._listener = listener
        self._doers = doers
        self._now = now
        self._doing: dict[asyncio.Task[StepEnd], PlannedStep] = {}

    async def work_through(self) -> None:
        """Everything, in order; when cancelled, what is being done is ended first."""
        try:
            self._leave_out()
            await self._prepare()
            while self._start_what_can() or self._doing:
                done, _ = await asyncio.wait(self._doing, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    self._end(self._doing.pop(task), task.result())
        except asyncio.CancelledError:
            await self._cancel()
            raise

    def close(self) -> None:
        """Says of all that has not ended that it never will."""
        if not scheduling.done(self._work.plan, self._statuses()):
            for planned in scheduling.next_steps(self._work.plan, self._statuses()):
                self._end(planned, self._at_end(StepStatus.CANCELLED, "cancelled"))
        self._leave_out()

    async def _prepare(self) -> None:
        if not specs.has_steps(self._work):
            return
        try:
            await self._runner.prepare(self._work.run, self._work.workspace)
            trouble = await start_services(self._work, self._runner, self._listener, now=self._now)
        except SealaneError as error:
            trouble = StepStatus.BROKEN, str(error)
        if trouble is None:
            return
        status, reason = trouble
        for planned in scheduling.next_steps(self._work.plan, {}):
            if planned.kind is Kind.STEP and Outcome.SUCCESS in planned.on:
                self._end(planned, self._at_end(status, reason))

    def _start_what_can(self) -> bool:
        self._leave_out()
        for planned in scheduling.next_steps(self._work.plan, self._statuses()):
            if len(self._doing) >= self._work.at_once:
                break
            self._doing[asyncio.create_task(self._do(planned))] = planned
        return bool(self._doing)

    def _leave_out(self) -> None:
        for key, reason in scheduling.skipped(self._work.plan, self._statuses()).items():
            self._end(self._work.plan.step(key), self._at_end(StepStatus.SKIPPED, reason))

    async def _do(self, planned: PlannedStep) -> StepEnd:
        if planned.kind is Kind.STEP:
            end = await steps.run_step(self._work, planned, self._runner, self._listener, now=self._now)
            return await self._with_services(end) if end.status is StepStatus.FAILED else end
        self._listener(run_events.StepStarted(run=self._work.run.value, key=planned.key, attempt=1, at=self._now()))
        log = logs.Log(self._work.secrets, lambda data: self._tell(planned, data))
        try:
            end, images = await self._doers[planned.kind](self._work, planned, log.write)
        finally:
            log.close()
        self._work = replace(self._work, images={**self._work.images, **images})
        return replace(end, reason=log.masked(end.reason))

    async def _with_services(self, end: StepEnd) -> StepEnd:
        """A step that failed because a service had died says so."""
        reason = end.reason
        for service in self._work.pipeline.services:
            spec = specs.service(self._work, service)
            try:
                health = await self._runner.ended_early(self._work.run, spec)
            except Unavailable:
                return end
            if health is not None:
                reason = f"{reason}; {_service_failed(self._work, spec, health, self._listener, self._now)}"
        return replace(end, reason=reason)

    async def _cancel(self) -> None:
        for task in self._doing:
            task.cancel()
        done = await asyncio.gather(*self._doing, return_exceptions=True)
        for planned, outcome in zip(self._doing.values(), done, strict=True):
            cancelled = self._at_end(StepStatus.CANCELLED, "cancelled")
            self._end(planned, outcome if isinstance(outcome, StepEnd) else cancelled)
        self._doing.clear()

    def _statuses(self) -> dict[str, StepStatus]:
        running = {planned.key: StepStatus.RUNNING for planned in self._doing.values()}
        return running | {key: end.status for key, end in self.ends.items()}

    def _at_end(self, status: StepStatus, reason: str) -> StepEnd:
        return StepEnd(status=status, reason=reason, ended=self._now())

    def _end(self, planned: PlannedStep, end: StepEnd) -> None:
        self.ends[planned.key] = end
        self._listener(
            run_events.StepEnded(
                run=self._work.run.value,
                key=planned.key,
                status=end.status,
                exit_code=end.exit_code,
                reason=end.reason,
                at=end.ended,
            )
        )

    def _tell(self, planned: PlannedStep, data: bytes) -> None:
        self._listener(run_events.LogWritten(run=self._work.run.value, key=planned.key, attempt=1, data=data))
