"""The watch of every formation from its verdict on: one worker watches each, and another takes over if it dies.

A watch ends when a deployment begins there, and begins anew with its verdict.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from sealane.deployments import drift_watch, failure_reports, health_watch, last_lines
from sealane.deployments import targets as shared
from sealane.deployments.drift_check import Drift
from sealane.deployments.drift_watch import DriftContext
from sealane.deployments.health_watch import HealthContext
from sealane.deployments.last_lines import LastLines
from sealane.destinations.port import Destination
from sealane.errors import SealaneError, trace
from sealane.records.deployments import Deployment
from sealane.records.drift import DriftedField, DriftSeen
from sealane.store.watch_assignments import Key
from sealane.store.watches import Claim, Watch
from sealane.verdicts import health
from sealane.verdicts.health import FormationHealth, HealthState
from sealane.verdicts.messages import causes
from sealane.workflows import late_rollback
from sealane.workflows.context import Tools
from sealane.workflows.drift_fix import DriftFix
from sealane.workflows.failover import Worker
from sealane.workflows.steps import targets

_log = logging.getLogger(__name__)
_LOOK_EVERY = 1.0
"""Seconds between two looks into the database for formations that nobody watches."""
_AT_ONCE = 4
"""How many formations are compared at once with what was deployed: a starting server compares all."""
_FIRST = 10
"""How many drifted objects are named."""
_SHORTEST, _LONGEST = 1.0, 30.0
"""Seconds before a broken watch begins again; the pause grows each time."""


_Printed = Callable[[FormationHealth], Awaitable[LastLines | None]]
"""Reads what the blamed container printed last."""


class FormationWatch:
    """All watches of one worker."""

    def __init__(self, worker: Worker, tools: Tools) -> None:
        self._worker = worker
        self._tools = tools
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._going: dict[Key, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Watches until the worker leaves. Writes only corrections that operators want."""
        try:
            while not self._worker.leaving:
                try:
                    going = {key for key, task in self._going.items() if not task.done()}
                    self._settle(await self._tools.store.watches.claim(self._worker.id, going))
                except SealaneError as error:
                    _log.warning("formations are watched as before: %s", error)
                except Exception as error:  # noqa: BLE001 - the next look may fare better
                    if not self._worker.leaving:
                        _log.error("looking for formations to watch failed\n%s", trace(error))
                await asyncio.sleep(_LOOK_EVERY)
        finally:
            self._settle(Claim(keys=frozenset(), fresh=()))

    def _settle(self, claim: Claim) -> None:
        """Begins and ends watches as needed."""
        for key in self._going.keys() - claim.keys:
            self._going.pop(key).cancel()
        for watch in claim.fresh:
            task = asyncio.create_task(self._watch(watch), name=f"watch {watch.app}/{watch.formation}")
            self._going[watch.app, watch.formation, watch.deployment] = task

    async def _watch(self, watch: Watch) -> None:
        """Watches one formation while it is this worker's."""
        seen, pause = watch.health, _SHORTEST

        async def tell(health_now: FormationHealth, printed: _Printed) -> bool:
            nonlocal seen, pause
            degrades = health_now.state is HealthState.DEGRADED and (seen is None or seen.bad_since is None)
            log = await printed(health_now) if degrades else None
            seen, pause = health_now, _SHORTEST
            if not await self._keep(watch, health_now, log):
                return False
            await late_rollback.consider(self._tools, watch, health_now)
            return True

        while True:
            begun = self._tools.now()
            try:
                await self._follow(watch, seen, tell)
            except SealaneError as error:
                seen = health.unknown(begun, seen, f"It cannot be watched: {causes.bare(error.message)}")
                if not await self._kept(watch, seen):
                    return
            except Exception as error:  # noqa: BLE001 - one formation's trouble is no other's
                if self._worker.leaving:
                    return  # the database is closed before the process ends
                _log.error("watching %s/%s failed\n%s", watch.app, watch.formation, trace(error))
            else:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST)

    async def _kept(self, watch: Watch, health: FormationHealth) -> bool:
        """Stores it if the database answers; a missed value is told again the next time."""
        try:
            return await self._keep(watch, health)
        except SealaneError as error:
            _log.warning("how %s/%s fares is not kept: %s", watch.app, watch.formation, error)
            return True

    async def _keep(self, watch: Watch, health: FormationHealth, log: LastLines | None = None) -> bool:
        watches, now = self._tools.store.watches, self._tools.now()
        return await watches.keep(watch, health, worker=self._worker.id, at=now, log=log)

    async def _follow(
        self,
        watch: Watch,
        seen: FormationHealth | None,
        tell: Callable[[FormationHealth, _Printed], Awaitable[bool]],
    ) -> None:
        """Follows health and drift while the formation is this worker's."""
        tools, store = self._tools, self._tools.store
        formation = await store.formations.get(watch.app, watch.formation)
        deployment = await store.deployments.get(watch.deployment)
        revision = await store.releases.revision(deployment.revision_id)
        destination = await targets.destination_of(tools, deployment)
        finished = deployment.verdict.finished if deployment.verdict else None
        target = await shared.to_look_at(revision, destination, finished=finished)
        look = partial(store.observations.keep, deployment.id)

        mask: failure_reports.Mask | None = None

        async def masking() -> failure_reports.Mask:
            """Made once: it may need the commit's files."""
            nonlocal mask
            if mask is None:
                mask = await targets.mask(tools, deployment, revision)
            return mask

        async def printed(health: FormationHealth) -> LastLines | None:
            namespace, known = target.identity.namespace, await masking()
            return await last_lines.read(destination, formation.inventory, health, namespace=namespace, mask=known)

        by = HealthContext(
            tell=lambda health: tell(health, printed), look=look, before=seen, masking=masking, now=tools.now
        )
        watched = [health_watch.follow(destination, target, formation.inventory, by)]
        if watch.verified:
            drifting = DriftContext(tell=self._drift(watch, deployment, destination), turn=self._turn)
            watched.append(drift_watch.follow(destination, target, formation.inventory, drifting))
        await _until_first(watched)

    def _drift(
        self, watch: Watch, deployment: Deployment, destination: Destination
    ) -> Callable[[tuple[Drift, ...]], Awaitable[bool]]:
        """Stores drift, and corrects it where the operators want that."""
        fix = DriftFix(self._tools, watch, self._worker.id)

        async def tell(drifts: tuple[Drift, ...]) -> bool:
            seen = _seen(watch.deployment, drifts)
            store = self._tools.store.watches
            if not await store.keep_drift(watch, seen, worker=self._worker.id, at=self._tools.now()):
                return False
            await fix.put_right(drifts, seen, deployment, destination)
            return True

        return tell


async def _until_first(watched: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Waits for the first to end, and ends the others. Raises what it raised."""
    tasks = [asyncio.create_task(coroutine) for coroutine in watched]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _seen(deployment: str, drifts: Sequence[Drift]) -> DriftSeen:
    """The stored part of a drift: how much, what, by whom and when, and no values."""
    fields = [
        DriftedField(object=drift.object, path=field.path, by=field.manager or "", at=field.at)
        for drift in drifts
        for field in drift.fields
    ]
    whole = [DriftedField(object=drift.object) for drift in drifts if not drift.fields]
    by = sorted({field.by for field in fields if field.by})
    first = (*whole, *fields)[:_FIRST]
    return DriftSeen(deployment=deployment, objects=len(drifts), fields=len(fields), by=tuple(by), first=first)
