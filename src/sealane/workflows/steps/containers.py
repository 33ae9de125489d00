"""Containers of a run: services, and steps with their logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sealane import run_events
from sealane.blobs.logs import Writer
from sealane.pipelines.model import StepStatus
from sealane.records.model import StepReport
from sealane.runners import pipeline_run, steps, workspaces
from sealane.runners.model import RunContext, RunKey
from sealane.workflows import checkouts, context

_LOOK_FOR_CANCEL = 0.5
"""Seconds between two looks whether a person wants the run to stop."""


async def start_services(run_id: str) -> dict[str, Any]:
    """Starts the run's services and waits until they are healthy; gives `status` and `reason` when they aren't.

    Key: the services' containers, named for the run. Undo: `run_end.finish` removes them.
    """
    recorder = _Recorder(run_id)
    work = await _prepared(run_id)
    async with _cancelling(run_id), recorder.recording():
        trouble = await pipeline_run.start_services(work, context.current().runner, recorder)
    return {} if trouble is None else {"status": trouble[0].value, "reason": trouble[1]}


async def run_step(run_id: str, key: str) -> dict[str, Any]:
    """Runs one planned step with its retries. Gives `status`, `reason`, `exit_code`; stores what its tests reported.

    Key: each attempt's container, named for run, step and attempt: one that is there is attached to, none is started
    twice, and its report takes the place of the same one. Undo: `run_end.finish` removes them.
    """
    bench = context.current()
    run = await bench.store.runs.get(run_id)
    if run.cancelled_by:
        return await ended(run_id, key, StepStatus.CANCELLED, f"{run.cancelled_by} cancelled the run")
    recorder = _Recorder(run_id)
    work = await _prepared(run_id)
    async with _cancelling(run_id), recorder.recording():
        end = await steps.run_step(work, work.plan.step(key), bench.runner, recorder)
    return await ended(run_id, key, end.status, end.reason, exit_code=end.exit_code)


async def ended(
    run_id: str, key: str, status: StepStatus, reason: str | None, *, exit_code: int | None = None
) -> dict[str, Any]:
    """Stores how a step ended, and gives it."""
    bench = context.current()
    at = bench.now()
    await bench.store.runs.set_step(run_id, key, at=at, status=status, reason=reason, exit_code=exit_code, ended=at)
    return {"status": status.value, "reason": reason, "exit_code": exit_code}


async def _prepared(run_id: str) -> RunContext:
    """The run's work, its room in the engine made: by this process too, when it took over."""
    bench = context.current()
    plan = await bench.store.runs.plan(run_id)
    assert plan is not None, "a run is planned before its steps"
    work = await checkouts.work(await bench.store.runs.get(run_id), plan)
    await workspaces.hold(work.workspace)
    networks = await bench.runner.prepare(RunKey(value=run_id), work.workspace)
    await bench.store.step_networks.keep(run_id, networks)  # before a container of it asks the server for something
    return work


@asynccontextmanager
async def _cancelling(run_id: str) -> AsyncIterator[None]:
    """Ends the run's steps when a person asks for it."""
    looking = asyncio.create_task(_cancel_when_asked(run_id))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _cancel_when_asked(run_id: str) -> None:
    bench = context.current()
    while not (await bench.store.runs.get(run_id)).cancelled_by:  # noqa: ASYNC110 - whoever cancels may be elsewhere
        await asyncio.sleep(_LOOK_FOR_CANCEL)
    await bench.runner.cancel(RunKey(value=run_id))


class _Recorder:
    """A listener that writes logs at once and tells the store, in order, how far the steps are and what tests reported."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._writers: dict[tuple[str, int], Writer] = {}
        self._to_store: asyncio.Queue[run_events.StepStarted | run_events.ReportsRead | None] = asyncio.Queue()

    def __call__(self, signal: run_events.RunEvent) -> None:
        """Takes a fact."""
        match signal:
            case run_events.StepStarted():
                self._open(signal.key, signal.attempt)
                self._to_store.put_nowait(signal)
            case run_events.ReportsRead():
                self._to_store.put_nowait(signal)
            case run_events.LogWritten():
                self._open(signal.key, signal.attempt).write(signal.data)
            case run_events.ServiceFailed():
                self._open(f"service/{signal.service}", 1).write(signal.log.encode())
            case _:
                pass

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[None]:
        """Keeps the store up to date meanwhile; afterwards everything is written."""
        telling = asyncio.create_task(self._tell())
        try:
            yield
        finally:
            self._to_store.put_nowait(None)
            try:
                await telling
            finally:
                for writer in self._writers.values():
                    writer.close()

    def _open(self, key: str, attempt: int) -> Writer:
        if (key, attempt) not in self._writers:
            self._writers[key, attempt] = context.current().logs.writer(self._run_id, key, attempt)
        return self._writers[key, attempt]

    async def _tell(self) -> None:
        store = context.current().store
        while signal := await self._to_store.get():
            if isinstance(signal, run_events.ReportsRead):
                reported = StepReport(key=signal.key, attempt=signal.attempt, report=signal.report)
                await store.reports.put(self._run_id, reported, at=signal.at)
                continue
            values: dict[str, Any] = {"status": StepStatus.RUNNING, "attempt": signal.attempt}
            if signal.attempt == 1:
                values["started"] = signal.at
            await store.runs.set_step(self._run_id, signal.key, at=signal.at, **values)
