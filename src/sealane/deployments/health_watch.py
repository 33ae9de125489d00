"""The watch of what a deployment left there, from its verdict on: it tells each change of health. It writes nothing.

The same observations as a rollout's, judged by the same rules; only nothing ends it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sealane import clock
from sealane.deployments import failure_reports, finished_work, glimpse, model, way_back
from sealane.deployments.latest import Latest
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.verdicts import health
from sealane.verdicts import model as verdicts
from sealane.verdicts.health import FormationHealth

TICK = timedelta(minutes=5)
"""The longest time without judging again, should nothing be seen."""

_ANY = datetime.min.replace(tzinfo=UTC)

Tell = Callable[[FormationHealth], Awaitable[bool]]
"""Told how it fares, whenever that changes; False ends the watching."""
Masking = Callable[[], Awaitable[failure_reports.Mask]]
"""Gives what takes secrets' values out of what is told; asked for the first time that there is anything to tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthContext:
    """Whom a watch tells, and from where it goes on."""

    tell: Tell
    look: Callable[[verdicts.Observation], Awaitable[None]] | None = None
    """Told of each observation that people would see something new in, masked and cut to what they look at."""
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
    before, told, shown = by.before, None, None
    async with Latest(destination.observe(goal.identity, wanted, health=goal.health), _Masks(by.masking).taken) as view:
        await view.woken()
        while view.seen is not None:
            rules = goal.rules(model.Begun(inventory=inventory, at=by.now()))
            judged = health.judge(view.seen, rules, now=by.now(), before=before)
            before = judged.health
            if before != told and not await by.tell(before):
                return
            told = before
            if by.look and (seen := replace(glimpse.glimpse(view.seen), at=_ANY)) != shown:
                shown = seen
                await by.look(replace(seen, at=by.now()))
            await view.woken(min(judged.again - by.now(), TICK) if judged.again else TICK)


async def watched(
    destination: Destination, goal: model.Target, inventory: destinations.Inventory
) -> destinations.Inventory:
    """What of a formation is watched: what the revision has in the end, without work that ended and what stays for a while."""
    there = {ref.key: ref for ref in inventory}
    refs = await destination.refs(await way_back.serving(destination, goal), namespace=goal.identity.namespace)
    return tuple(there.get(ref.key, ref) for ref in refs if not finished_work.is_over(destination, ref, goal.finished))


class _Masks:
    """Takes secrets' values out of observations, once one has something to tell."""

    def __init__(self, masking: Masking | None) -> None:
        self._masking = masking
        self._mask: failure_reports.Mask = failure_reports.plain

    async def taken(self, observation: verdicts.Observation) -> verdicts.Observation:
        """The observation, masked."""
        if self._masking and not observation.everything_ready:
            self._mask, self._masking = await self._masking(), None
        return failure_reports.unseen(observation, self._mask)
