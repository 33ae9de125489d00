"""The watch of places that others deploy to, from the operators' files: one worker each, and another if it dies."""

from __future__ import annotations

import asyncio
import logging

from sealane.deployments.observed_watch import ObservedWatch
from sealane.environments.model import ObservedPlace
from sealane.errors import SealaneError, trace
from sealane.verdicts import health
from sealane.verdicts.health import FormationHealth
from sealane.verdicts.messages import causes
from sealane.workflows.context import Tools
from sealane.workflows.failover import Worker

_log = logging.getLogger(__name__)
_LOOK_EVERY = 5.0
"""Seconds between two looks into the files, and for places that nobody watches."""
_SHORTEST, _LONGEST = 1.0, 30.0
"""Seconds before a broken watch begins again; the pause grows each time."""


class ObservedPlacesWatch:
    """All watches of one worker. Nothing is written at destinations."""

    def __init__(self, worker: Worker, tools: Tools) -> None:
        self._worker = worker
        self._tools = tools
        self._going: dict[ObservedPlace, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Watches until the worker leaves."""
        try:
            while not self._worker.leaving:
                try:
                    self._settle(await self._mine())
                except SealaneError as error:
                    _log.warning("what others deploy is watched as before: %s", error)
                except Exception as error:  # noqa: BLE001 - the next look may fare better
                    if not self._worker.leaving:
                        _log.error("looking for what others deploy failed\n%s", trace(error))
                await asyncio.sleep(_LOOK_EVERY)
        finally:
            self._settle({})

    async def _mine(self) -> dict[ObservedPlace, FormationHealth | None]:
        environments = await asyncio.to_thread(self._tools.environments)
        places = [place for environment in environments.values() for place in environment.observed]
        if not places and not self._going:
            return {}
        return await self._tools.store.observed.claim(self._worker.id, places)

    def _settle(self, mine: dict[ObservedPlace, FormationHealth | None]) -> None:
        """Begins and ends watches as needed."""
        for place in self._going.keys() - mine.keys():
            self._going.pop(place).cancel()
        for place, seen in mine.items():
            if place not in self._going or self._going[place].done():
                self._going[place] = asyncio.create_task(self._watch(place, seen))

    async def _watch(self, place: ObservedPlace, seen: FormationHealth | None) -> None:
        """Watches one place while it is this worker's."""
        pause, version = _SHORTEST, ""

        async def tell(of: str, health_now: FormationHealth) -> bool:
            nonlocal pause, version
            pause, version = _SHORTEST, of
            return await self._keep(place, of, health_now)

        watch = ObservedWatch(place=place, tell=tell, before=seen, now=self._tools.now)
        while True:
            begun = self._tools.now()
            try:
                environment = await asyncio.to_thread(self._tools.environment, place.environment)
                await watch.follow(await self._tools.destinations.get(environment, place.destination))
            except SealaneError as error:
                health_now = health.unknown(begun, watch.before, f"It cannot be watched: {causes.bare(error.message)}")
                watch.before = health_now
                if not await self._keep(place, version, health_now):
                    return
            except Exception as error:  # noqa: BLE001 - one place's trouble is no other's
                _log.error("watching %s/%s failed\n%s", place.app, place.formation, trace(error))
            else:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST)

    async def _keep(self, place: ObservedPlace, version: str, health: FormationHealth) -> bool:
        """Stores it if the database answers; a missed value is told again the next time."""
        try:
            observed, at = self._tools.store.observed, self._tools.now()
            return await observed.keep(place, worker=self._worker.id, version=version, health=health, at=at)
        except SealaneError as error:
            _log.warning("how %s/%s fares is not kept: %s", place.app, place.formation, error)
            return True
