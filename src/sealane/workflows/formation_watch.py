"""Watching every formation from its verdict on: one worker each, and another where that one dies.

A watch ends when a deployment begins there, and begins anew with its verdict.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from sealane.deployments import health_watch
from sealane.deployments import targets as shared
from sealane.deployments.health_watch import HealthContext
from sealane.errors import SealaneError, trace
from sealane.store.watches import Watch
from sealane.verdicts import health
from sealane.verdicts.health import FormationHealth
from sealane.verdicts.messages import causes
from sealane.workflows.context import Tools
from sealane.workflows.failover import Worker
from sealane.workflows.steps import targets

_log = logging.getLogger(__name__)
_LOOK_EVERY = 1.0
"""Seconds between two looks into the database for formations that nobody watches."""
_SHORTEST, _LONGEST = 1.0, 30.0
"""Seconds before a watch that broke begins again: more each time."""

Key = tuple[str, str, str]
"""App, formation, and the deployment that is there."""


class FormationWatch:
    """All watches of one worker."""

    def __init__(self, worker: Worker, tools: Tools) -> None:
        self._worker = worker
        self._tools = tools
        self._going: dict[Key, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Watches until the worker leaves. Reads destinations, and writes nothing there."""
        try:
            while not self._worker.leaving:
                try:
                    self._settle(await self._tools.store.watches.claim(self._worker.id))
                except SealaneError as error:
                    _log.warning("formations are watched as before: %s", error)
                except Exception as error:  # noqa: BLE001 - the next look may fare better
                    if not self._worker.leaving:
                        _log.error("looking for formations to watch failed\n%s", trace(error))
                await asyncio.sleep(_LOOK_EVERY)
        finally:
            self._settle(())

    def _settle(self, mine: tuple[Watch, ...]) -> None:
        """Begins and ends watches, so that those there are go."""
        wanted = {(each.app, each.formation, each.deployment): each for each in mine}
        for key in self._going.keys() - wanted.keys():
            self._going.pop(key).cancel()
        for key, watch in wanted.items():
            if key not in self._going or self._going[key].done():
                self._going[key] = asyncio.create_task(self._watch(watch), name=f"watch {'/'.join(key[:2])}")

    async def _watch(self, watch: Watch) -> None:
        """Watches one formation until it is not this worker's any more."""
        seen, pause = watch.health, _SHORTEST

        async def tell(said: FormationHealth) -> bool:
            nonlocal seen, pause
            seen, pause = said, _SHORTEST
            return await self._keep(watch, said)

        while True:
            begun = self._tools.now()
            try:
                await self._follow(watch, seen, tell)
            except SealaneError as error:
                seen = health.unknown(begun, seen, f"It cannot be watched: {causes.bare(error.message)}")
                if not await self._kept(watch, seen):
                    return
            except Exception as error:  # noqa: BLE001 - one formation's trouble is no other's
                _log.error("watching %s/%s failed\n%s", watch.app, watch.formation, trace(error))
            else:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST)

    async def _kept(self, watch: Watch, said: FormationHealth) -> bool:
        """Keeps it where the database answers; what it missed it is told the next time."""
        try:
            return await self._keep(watch, said)
        except SealaneError as error:
            _log.warning("how %s/%s fares is not kept: %s", watch.app, watch.formation, error)
            return True

    async def _keep(self, watch: Watch, said: FormationHealth) -> bool:
        return await self._tools.store.watches.keep(watch, said, worker=self._worker.id, at=self._tools.now())

    async def _follow(self, watch: Watch, seen: FormationHealth | None, tell: health_watch.Tell) -> None:
        tools, store = self._tools, self._tools.store
        formation = await store.formations.get(watch.app, watch.formation)
        deployment = await store.deployments.get(watch.deployment)
        revision = await store.releases.revision(deployment.revision_id)
        destination = await targets.destination_of(tools, deployment)
        finished = deployment.verdict.finished if deployment.verdict else None
        goal = await shared.to_look_at(revision, destination, finished=finished)
        masking: health_watch.Masking = partial(targets.mask, tools, deployment, revision)
        by = HealthContext(tell=tell, before=seen, masking=masking, now=tools.now)
        await health_watch.follow(destination, goal, formation.inventory, by)
