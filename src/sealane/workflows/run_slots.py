"""Run slots: a run's workflow is queued once it has a slot, and slots are shared among apps.

The workflow engine's queues start in order of arrival, or take partitions in random order: neither knows how much an
app already has. So waiting runs stay in the table of runs, and the engine's queue holds only runs that may begin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sealane import clock
from sealane.pipelines import fair_share
from sealane.pipelines.fair_share import Queued, Slots
from sealane.pipelines.model import RunStatus
from sealane.store.all_stores import Store
from sealane.workflows.queues import Queues

_LOST = "its workflow ended without a result; see the server's log"


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSlots:
    """Gives slots to runs."""

    store: Store
    queueing: Queues
    at_once: int
    """How many runs one worker has at once."""
    per_app: int | None = None
    """How many of them one app may have; None for all but one of all workers' slots."""
    now: clock.Clock = clock.now

    async def look(self) -> None:
        """Gives every free slot to a waiting run. May be called at any time from anywhere."""
        for run_id in await self.store.run_queue.admit(self._choice):
            await self._queue(run_id)

    async def sweep(self) -> None:
        """As `look`; first queues runs whose worker died before it queued them, and ends lost ones."""
        for run_id in await self.store.run_queue.unqueued():
            await self._queue(run_id)
        for run_id in await self.queueing.ended_badly(await self.store.run_queue.going()):
            await self.store.runs.end(run_id, at=self.now(), status=RunStatus.BROKEN, reason=_LOST)
        await self.look()

    async def _queue(self, run_id: str) -> None:
        await self.queueing.delivery(run_id)
        await self.store.run_queue.mark_queued(run_id)

    def _choice(self, queue: Sequence[Queued], running: Mapping[str, int], workers: int) -> tuple[str, ...]:
        workers = max(1, workers)  # one that begins later finds the runs in the engine's queue
        given = self.per_app and self.per_app * workers
        slots = self.at_once * workers
        return fair_share.next_runs(queue, running, Slots(all=slots, per_app=fair_share.share(slots, given)))
