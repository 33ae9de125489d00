"""Failover: heartbeats of workers, and taking over from the dead. The one place that decides that a worker is dead.

A worker counts as dead when its heartbeats have not moved for `dead_after` seconds by the observer's own clock, so that
machines need not agree on the time. It is declared dead (which raises the epoch of every formation it held) before its
workflows are put back into their queues, so it can write nothing after its successor has begun.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable

from sealane import clock
from sealane.errors import Unavailable
from sealane.records.workers import WorkerRow
from sealane.store.workers import Workers
from sealane.workflows.engine import Engine

_log = logging.getLogger(__name__)


def fresh_id() -> str:
    """A fresh id for a worker; never given twice."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


class Worker:
    """One worker's process."""

    def __init__(
        self, worker: str, workers: Workers, *, heartbeat: float, dead_after: float, now: clock.Clock = clock.now
    ) -> None:
        """`heartbeat` and `dead_after` in seconds."""
        self.id = worker
        self._workers = workers
        self._heartbeat = heartbeat
        self._dead_after = dead_after
        self._now = now
        self._seen: dict[str, tuple[int, float]] = {}
        self.leaving = False

    async def register(self) -> None:
        """Makes the worker known, once, before it does anything."""
        await self._workers.register(self.id, host=socket.gethostname(), at=self._now())

    async def beat(self, lost: Callable[[], None]) -> None:
        """Beats until the worker leaves. Calls `lost` and returns when others have declared it dead."""
        while not self.leaving:
            try:
                if not await self._workers.beat(self.id, at=self._now()) and not self.leaving:
                    _log.error("worker %s was silent too long and was taken over", self.id)
                    lost()
                    return
            except Unavailable as error:
                _log.warning("no heartbeat: %s", error)
            await asyncio.sleep(self._heartbeat)

    async def take_over(self, engine: Engine, *, alone: bool = False) -> int:
        """Declares silent workers dead, and takes over their workflows; gives the number of workflows.

        `alone` says that no other worker can be alive, as the holder of the data folder's lock knows.
        """
        rows = [row for row in await self._workers.all() if row.id != self.id]
        for row in rows:
            if row.dead is None and (alone or self._silent(row)):
                await self._workers.declare_dead(row.id, beats=None if alone else row.beats, by=self.id, at=self._now())
        dead = [row.id for row in await self._workers.all() if row.dead is not None and row.id != self.id]
        # Everyone ever declared dead is asked for, not only those of now: a dead worker may have woken for a moment and
        # taken something out of a queue, or the one who declared it dead died before this line.
        return await engine.recover(dead) if dead else 0

    async def alive(self) -> frozenset[str]:
        """Workers that nobody has declared dead."""
        return frozenset(row.id for row in await self._workers.all() if row.dead is None)

    async def resign(self) -> None:
        """Signs the worker off, so that others need not wait for its silence."""
        self.leaving = True
        await self._workers.declare_dead(self.id, beats=None, by=self.id, at=self._now())

    def _silent(self, row: WorkerRow) -> bool:
        beats, since = self._seen.get(row.id, (-1, 0.0))
        if beats != row.beats:
            self._seen[row.id] = (row.beats, time.monotonic())
            return False
        return time.monotonic() - since > self._dead_after


class Fencing:
    """Hands out fences, which every write at a destination awaits first."""

    def __init__(self, worker: str, workers: Workers) -> None:
        self._worker = worker
        self._workers = workers

    async def take(self, app: str, formation: str) -> Callable[[], Awaitable[None]]:
        """Takes the formation, and gives the fence that holds as long as nobody else does. Raises Fenced."""
        return self._fence(app, formation, await self._workers.take(app, formation, worker=self._worker))

    async def take_idle(self, app: str, formation: str, *, deployment: str) -> Callable[[], Awaitable[None]] | None:
        """As `take`, while that deployment is there and none is under way; the next one takes the formation over."""
        epoch = await self._workers.take_idle(app, formation, deployment=deployment, worker=self._worker)
        return None if epoch is None else self._fence(app, formation, epoch)

    def _fence(self, app: str, formation: str, epoch: int) -> Callable[[], Awaitable[None]]:
        async def fence() -> None:
            await self._workers.check(app, formation, epoch=epoch, worker=self._worker)

        return fence
