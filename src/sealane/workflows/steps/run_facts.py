"""Stores the facts of a run's steps: logs at once; progress and test reports in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sealane import run_events
from sealane.blobs.logs import Logs, Writer
from sealane.pipelines.model import StepStatus
from sealane.records.runs import StepReport
from sealane.store.all_stores import Store

_Stored = (
    run_events.StepStarted
    | run_events.ReportsRead
    | run_events.ServiceStarted
    | run_events.ServiceHealthy
    | run_events.ServiceFailed
)


class Recorder:
    """A listener for facts of one run."""

    def __init__(self, run_id: str, store: Store, logs: Logs) -> None:
        self._run_id = run_id
        self._store = store
        self._logs = logs
        self._writers: dict[tuple[str, int], Writer] = {}
        self._to_store: asyncio.Queue[_Stored | None] = asyncio.Queue()

    def __call__(self, signal: run_events.RunEvent) -> None:
        """Takes a fact."""
        match signal:
            case run_events.StepStarted():
                self._open(signal.key, signal.attempt)
                self._to_store.put_nowait(signal)
            case run_events.ReportsRead() | run_events.ServiceStarted() | run_events.ServiceHealthy():
                self._to_store.put_nowait(signal)
            case run_events.LogWritten():
                self._open(signal.key, signal.attempt).write(signal.data)
            case run_events.ServiceFailed():
                self._open(f"service/{signal.service}", 1).write(signal.log.encode())
                self._to_store.put_nowait(signal)
            case _:
                pass

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[run_events.Listener]:
        """Keeps the store up to date; on leaving, everything is written."""
        telling = asyncio.create_task(self._tell())
        try:
            yield self
        finally:
            self._to_store.put_nowait(None)
            try:
                await telling
            finally:
                for writer in self._writers.values():
                    writer.close()

    def _open(self, key: str, attempt: int) -> Writer:
        if (key, attempt) not in self._writers:
            self._writers[key, attempt] = self._logs.writer(self._run_id, key, attempt)
        return self._writers[key, attempt]

    async def _tell(self) -> None:
        while signal := await self._to_store.get():
            match signal:
                case run_events.ReportsRead(key=key, attempt=attempt):
                    reported = StepReport(key=key, attempt=attempt, report=signal.report)
                    await self._store.reports.put(self._run_id, reported, cases=signal.cases, at=signal.at)
                case run_events.StepStarted():
                    await self._begun(signal)
                case run_events.ServiceStarted():
                    await self._store.run_services.started(self._run_id, signal.service, at=signal.at)
                case run_events.ServiceHealthy():
                    await self._store.run_services.ended(self._run_id, signal.service, at=signal.at)
                case run_events.ServiceFailed(reason=reason):
                    await self._store.run_services.ended(self._run_id, signal.service, at=signal.at, reason=reason)

    async def _begun(self, signal: run_events.StepStarted) -> None:
        first = {"started": signal.at} if signal.attempt == 1 else {}
        running = StepStatus.RUNNING
        await self._store.runs.set_step(
            self._run_id, signal.key, at=signal.at, status=running, attempt=signal.attempt, **first
        )
