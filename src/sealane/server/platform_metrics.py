"""The content of `/metrics`: tables are counted once every few seconds, for any number of readers."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sealane import __version__, clock, composition
from sealane.errors import SealaneError
from sealane.metrics import platform
from sealane.metrics.model import Family, Sample, Shape
from sealane.metrics.platform import PlatformFacts
from sealane.server.latencies import Latencies
from sealane.server.readiness import Check, Readiness

_SQLITE = "sqlite:///"


class PlatformMetrics:
    """Counts for one process."""

    def __init__(
        self, *, readiness: Readiness, latencies: Latencies, every: float, now: clock.Clock = clock.now
    ) -> None:
        """`every` is the seconds for which counts are reused."""
        self._readiness = readiness
        self._latencies = latencies
        self._every = every
        self._now = now
        self._counting = asyncio.Lock()
        self._last: tuple[PlatformFacts, tuple[Family, ...]] | None = None

    async def families(self, server: composition.Server) -> tuple[Family, ...]:
        """All metrics. While the database is down, only what the process itself knows."""
        checks = await self._readiness.look(server)
        try:
            facts, totals = await self._counted(server)
            counted = (*totals, *platform.families(facts, self._now()))
        except SealaneError:
            counted = ()
        own = tuple(self._own(server, checks))
        sizes = await asyncio.to_thread(_sizes, server, self._last[0] if counted and self._last else None)
        return (*own, *counted, *sizes)

    async def _counted(self, server: composition.Server) -> tuple[PlatformFacts, tuple[Family, ...]]:
        async with self._counting:
            if self._last is None or (self._now() - self._last[0].at).total_seconds() > self._every:
                at = self._now()
                facts = await server.store.platform.facts(server.subscribers, at=at)
                self._last = facts, await server.store.metric_totals.all()
            return self._last

    def _own(self, server: composition.Server, checks: tuple[Check, ...]) -> Iterator[Family]:
        build = Sample(value=1, labels={"version": __version__})
        yield Family(name="sealane_build_info", shape=Shape.GAUGE, help="The version that runs.", samples=[build])
        yield platform.READY.gauge({check.name: float(check.ready) for check in checks})
        yield platform.WORKERS.single(self._readiness.alive)
        yield platform.STREAMS.single(server.followers.open)
        yield platform.STREAM_LAG.single(server.followers.lag)
        yield self._latencies.family()


def _sizes(server: composition.Server, facts: PlatformFacts | None) -> tuple[Family, ...]:
    """The sizes of databases and of the disk."""
    settings = server.settings
    sizes = {"store": float(facts.database_bytes)} if facts else {}
    journal = Path(settings.flows_url.removeprefix(_SQLITE))
    with suppress(OSError):
        if settings.flows_url.startswith(_SQLITE):
            sizes["journal"] = float(journal.stat().st_size)
        free = shutil.disk_usage(settings.data).free
        return (platform.DATABASE.gauge(sizes), platform.DISK_FREE.single(free))
    return (platform.DATABASE.gauge(sizes),)
