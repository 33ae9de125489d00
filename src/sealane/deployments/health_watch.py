"""Watching what a deployment left there, from its verdict on: told whenever it fares otherwise. It writes nothing.

The same observations as a rollout's, judged by the same rules; only nothing ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sealane import clock, errors
from sealane.deployments import failure_reports, finished_work, model, way_back
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.verdicts import health
from sealane.verdicts import model as verdicts
from sealane.verdicts.health import FormationHealth

TICK = timedelta(minutes=5)
"""The longest time without judging again, should nothing be seen."""

Tell = Callable[[FormationHealth], Awaitable[bool]]
"""Told how it fares, whenever that changes; False ends the watching."""
Masking = Callable[[], Awaitable[failure_reports.Mask]]
"""Gives what takes secrets' values out of what is told; asked for the first time that there is anything to tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthContext:
    """Whom a watch tells, and from where it goes on."""

    tell: Tell
    before: FormationHealth | None = None
    """What was told last, of an earlier watch."""
    masking: Masking | None = None
    now: clock.Clock = clock.now


async def follow(
    destination: Destination, goal: model.Target, inventory: destinations.Inventory, by: HealthContext
) -> None:
    """Watches the goal's revision, of which `inventory` is there, until `tell` ends it.

    Raises Unavailable when the destination doesn't answer at the start, or goes for good.
    """
    wanted = await watched(destination, goal, inventory)
    view = _View(by.masking)
    observations = destination.observe(goal.identity, wanted, health=goal.health)
    reading = asyncio.create_task(view.read(observations))
    try:
        before, told = by.before, None
        while True:
            again = None
            if view.seen is not None:
                rules = goal.rules(model.Begun(inventory=inventory, at=by.now()))
                judged = health.judge(view.seen, rules, now=by.now(), before=before)
                before, again = judged.health, judged.again
                if before != told and not await by.tell(before):
                    return
                told = before
            if reading.done():
                reading.result()
                raise errors.Unavailable("the destination stopped telling what it sees", hint="try again")
            await view.woken(reading, min(again - by.now(), TICK) if again else TICK)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def watched(
    destination: Destination, goal: model.Target, inventory: destinations.Inventory
) -> destinations.Inventory:
    """What of a formation is watched: what the revision has in the end, without work that ended and what stays for a while."""
    there = {ref.key: ref for ref in inventory}
    refs = await destination.refs(await way_back.serving(destination, goal), namespace=goal.identity.namespace)
    return tuple(there.get(ref.key, ref) for ref in refs if not finished_work.is_over(destination, ref, goal.finished))


class _View:
    """The latest observation, masked."""

    def __init__(self, masking: Masking | None) -> None:
        self.seen: verdicts.Observation | None = None
        self._masking = masking
        self._mask: failure_reports.Mask = failure_reports.plain
        self._new = asyncio.Event()

    async def read(self, observations: AsyncIterator[verdicts.Observation]) -> None:
        """Keeps the latest; those that come faster than they are judged are passed over."""
        async for observation in observations:
            if self._masking and not observation.everything_ready:
                self._mask, self._masking = await self._masking(), None
            self.seen = failure_reports.unseen(observation, self._mask)
            self._new.set()

    async def woken(self, reading: asyncio.Task[None], span: timedelta) -> None:
        """Waits until there is something to judge: a new observation, or a time that has come."""
        new = asyncio.create_task(self._new.wait())
        try:
            timeout = max(span.total_seconds(), 0)
            await asyncio.wait({new, reading}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            new.cancel()
        self._new.clear()
