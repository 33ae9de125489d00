"""The workflow engine of a worker: an event loop of its own in a thread, on which workflows and heartbeats run.

The loop is separate from the server's, so that pages stay quick while rollouts are judged, and so that a server that
ends leaves running containers alone: nothing on this loop is cancelled, the process just ends, and the next worker
attaches to what is there.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from dbos import DBOS

from sealane.errors import Unavailable
from sealane.store.database import IDLE_TIMEOUT
from sealane.workflows import queues
from sealane.workflows.queue_poll import QueuePoll, Wakeup

T = TypeVar("T")

_IDLE = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineSettings:
    """The engine's settings."""

    url: str
    worker: str
    """Its executor id: only workflows of this worker are its own."""
    bells: Mapping[str, Wakeup]
    """One bell for each queue whose workflows it runs."""


class Engine:
    """Runs workflows. One a process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, thread: threading.Thread, settings: EngineSettings) -> None:
        self._loop = loop
        self._thread = thread
        self._settings = settings
        self._fetching: QueuePoll | None = None

    @classmethod
    async def start(cls, settings: EngineSettings) -> Self:
        """Starts running workflows of the queues. Raises Unavailable."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="flows", daemon=True)
        thread.start()
        engine = cls(loop, thread, settings)
        try:
            engine._fetching = await engine.do(_launch(settings))
        except Exception as error:
            raise Unavailable(f"the workflow engine did not start: {error}") from error
        return engine

    async def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the engine's loop and waits for it."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Starts a coroutine on the engine's loop and does not wait for it."""
        asyncio.run_coroutine_threadsafe(work, self._loop)

    async def recover(self, workers: list[str]) -> int:
        """Puts the unfinished workflows of dead workers back into their queues; says how many there were."""
        handles = await asyncio.to_thread(DBOS._recover_pending_workflows, workers)  # noqa: SLF001 - there is no other
        for bell in self._settings.bells.values() if handles else ():
            bell.ring()
        return len(handles)

    async def destroy(self) -> None:
        """Cancels everything that runs, as a killed process would not; for tests that start another engine after it."""
        logging.getLogger("dbos").setLevel(logging.CRITICAL)  # it logs much about cancelled tasks
        if self._fetching is not None:
            await self._fetching.stop()
        await self.do(_cancel_all())
        await asyncio.to_thread(DBOS.destroy)
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()


async def _launch(settings: EngineSettings) -> QueuePoll:
    logging.getLogger("dbos").setLevel(logging.WARNING)
    engine = DBOS(
        config={
            "name": queues.NAME,
            "system_database_url": settings.url,
            "application_version": queues.VERSION,
            "executor_id": settings.worker,
            "serializer": queues.SERIALIZER,
            "log_level": "WARNING",
            "sys_db_idle_transaction_timeout_sec": IDLE_TIMEOUT.total_seconds(),
            "scheduler_polling_interval_sec": _IDLE,  # schedules are ours
        }
    )
    DBOS.listen_queues([])  # fetching does
    DBOS.launch()
    return await QueuePoll.start(engine, settings.bells)


async def _cancel_all() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
