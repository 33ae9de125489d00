"""Whether a server is ready: for load balancers and monitors, which need no token and learn nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from sealane import clock, composition, data_folder
from sealane.errors import SealaneError
from sealane.metrics import platform
from sealane.records.workers import WorkerRow
from sealane.store import migration

_KEPT = 1.0
"""Seconds for which an answer is reused, so that frequent requests cost nothing."""
_PATIENCE = 5.0
"""Seconds after which a part without an answer counts as broken."""

_ONLY_TOLD = frozenset({"subscribers"})
"""Parts that are shown but needed by no server: deliveries go on while a metric store is down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One part, whether it is ready, and its problem."""

    name: str
    ready: bool
    reason: str | None


class Readiness:
    """Checks the parts, at most once a second for any number of requests."""

    def __init__(self, *, silent_after: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`silent_after` is the seconds after which a worker without a heartbeat counts as dead, by this process's clock."""
        self._silent_after = silent_after
        self._clock = clock
        self._seen: dict[str, tuple[int, float]] = {}
        self._looking = asyncio.Lock()
        self._last: tuple[float, tuple[Check, ...]] | None = None
        self.alive = 0
        """Live workers at the last check."""

    async def look(self, server: composition.Server) -> tuple[Check, ...]:
        """Every part, whether it is ready or not."""
        async with self._looking:
            if self._last is None or self._clock() - self._last[0] > _KEPT:
                self._last = (self._clock(), await self._all(server))
            return self._last[1]

    def silent(self, rows: Iterable[WorkerRow], *, own: str | None) -> str | None:
        """Why no work is done: no worker is alive, or this process's own is not."""
        now = self._clock()
        living = []
        for row in rows:
            beats, since = self._seen.get(row.id, (None, now))
            if beats != row.beats:
                self._seen[row.id] = (row.beats, since := now)
            if row.dead is None and now - since < self._silent_after:
                living.append(row.id)
        self.alive = len(living)
        if not living:
            return "no worker is alive"
        return None if own is None or own in living else "this process's worker is not alive"

    async def _all(self, server: composition.Server) -> tuple[Check, ...]:
        working = server.working

        async def database() -> None:
            await server.store.database.read(migration.applied)

        async def migrations() -> str | None:
            applied = await server.store.database.read(migration.applied)
            newest = await asyncio.to_thread(migration.newest)
            return None if applied == newest else "the database's tables are those of another version"

        async def journal() -> None:
            await server.queueing.check()

        async def workers() -> str | None:
            return self.silent(await server.store.workers.all(), own=working.worker.id if working else None)

        async def subscribers() -> str | None:
            backlogs = await server.store.platform.backlogs(server.subscribers)
            return platform.late(backlogs, clock.now()) or None

        async def disk() -> str | None:
            return await asyncio.to_thread(data_folder.trouble, server.settings.data)

        parts: dict[str, tuple[Callable[[], Awaitable[str | None]], str]] = {
            "database": (database, "the database does not answer"),
            "migrations": (migrations, "the database does not answer"),
            "journal": (journal, "the workflow engine's database does not answer"),
            "workers": (workers, "the database does not answer"),
            "disk": (disk, "the data folder's disk does not answer"),
            "subscribers": (subscribers, "the database does not answer"),
        }
        reasons = await asyncio.gather(*(_checked(look, otherwise) for look, otherwise in parts.values()))
        return tuple(
            Check(name=name, ready=reason is None or name in _ONLY_TOLD, reason=reason)
            for name, reason in zip(parts, reasons, strict=True)
        )


async def _checked(look: Callable[[], Awaitable[str | None]], otherwise: str) -> str | None:
    """The problem in our own words, because a driver's could contain addresses and names."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await look()
    except (SealaneError, TimeoutError):
        return otherwise
