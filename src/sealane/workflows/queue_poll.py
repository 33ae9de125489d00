"""The queue poll: takes workflows off their queues, at once if this process queued one, otherwise at intervals.

The engine looks into each queue at a fixed pace. Its look is kept, with all its rules; only the wait between two looks
is ours: a bell that rings when a workflow is queued and when one of the queue has ended, and pauses as long as other
processes' workflows may wait. A look takes milliseconds of processor, so a worker that waits for its rollouts takes few.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from dbos import DBOS
from dbos._queue import queue_worker_thread  # the body of the engine's thread for each queue


class Wakeup:
    """What a queue's thread waits on, in place of the engine's event that stops its threads."""

    def __init__(self, *, idle: float) -> None:
        """`idle` is the least pause in seconds between two looks without a ring."""
        self._idle = idle
        self._rung = threading.Event()
        self._stopped = False

    def ring(self) -> None:
        """Makes the thread look into the queue now."""
        self._rung.set()

    def ring_at_end(self) -> None:
        """Rings when the current task has ended: its workflow's end is recorded then, and lets the next one begin."""
        task = asyncio.current_task()
        assert task is not None, "workflows run in tasks"
        task.add_done_callback(lambda _: self.ring())

    def set(self) -> None:
        """Ends the thread."""
        self._stopped = True
        self._rung.set()

    def is_set(self) -> bool:
        """Whether the thread should end."""
        return self._stopped

    def wait(self, timeout: float) -> bool:
        """Waits for that many seconds, at least the pause, or until it rings; says whether the thread should end."""
        self._rung.wait(max(timeout, self._idle))
        self._rung.clear()
        return self._stopped


@dataclass(frozen=True, slots=True)
class QueuePoll:
    """The threads that look into the queues."""

    threads: Mapping[Wakeup, threading.Thread]

    @classmethod
    async def start(cls, engine: DBOS, bells: Mapping[str, Wakeup]) -> Self:
        """Looks into each queue, by its name, when its bell rings and now and then."""
        threads = {}
        for name, bell in bells.items():
            arguments = (bell, engine, await DBOS.retrieve_queue_async(name))
            threads[bell] = threading.Thread(
                target=queue_worker_thread, args=arguments, name=f"queue-{name}", daemon=True
            )
            threads[bell].start()
        return cls(threads)

    async def stop(self) -> None:
        """Ends the threads and waits for them."""
        for bell in self.threads:
            bell.set()
        for thread in self.threads.values():
            await asyncio.to_thread(thread.join)
