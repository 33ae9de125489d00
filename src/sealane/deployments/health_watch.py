"""The watch of a formation's health from the verdict on. It tells each change and writes nothing.

It judges the same observations as a rollout by the same rules, but does not end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sealane import clock
from sealane.deployments import failure_reports, finished_work, glimpse, model, rollback_check
from sealane.deployments.latest import Latest
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.verdicts import health
from sealane.verdicts import model as verdicts
from sealane.verdicts.health import FormationHealth

TICK = timedelta(minutes=5)
"""The longest time between two judgements, even without a new observation."""

_ANY = datetime.min.replace(tzinfo=UTC)

Tell = Callable[[FormationHealth], Awaitable[bool]]
"""Told the health whenever it changes; False ends the watch."""
Masking = Callable[[], Awaitable[failure_reports.Mask]]
"""Gives the mask for secrets' values; called only once there is something to tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthContext:
    """Whom a watch tells, and from where it goes on."""

    tell: Tell
    look: Callable[[verdicts.Observation], Awaitable[None]] | None = None
    """Told each observation that shows people something new, masked and cut to what pages show."""
    before: FormationHealth | None = None
    """The last health that an earlier watch told."""
    masking: Masking | None = None
    now: clock.Clock = clock.now


async def follow(
    destination: Destination, target: model.Target, inventory: destinations.Inventory, by: HealthContext
) -> None:
    """Watches the target's revision, whose objects are `inventory`, until `tell` ends it.

    Raises Unavailable when the destination doesn't answer at the start, or goes for good.
    """
    wanted = await watched(destination, target, inventory)
    before, last_told, shown = by.before, None, None
    async with Latest(
        destination.observe(target.identity, wanted, health=target.health), _Masks(by.masking).taken
    ) as view:
        await view.woken()
        while view.seen is not None:
            rules = target.rules(model.Begun(inventory=inventory, at=by.now()))
            judged = health.judge(view.seen, rules, now=by.now(), before=before)
            before = judged.health
            if before != last_told and not await by.tell(before):
                return
            last_told = before
            if by.look and (seen := replace(glimpse.glimpse(view.seen), at=_ANY)) != shown:
                shown = seen
                await by.look(replace(seen, at=by.now()))
            await view.woken(min(judged.again - by.now(), TICK) if judged.again else TICK)


async def watched(
    destination: Destination, target: model.Target, inventory: destinations.Inventory
) -> destinations.Inventory:
    """The objects to watch: those of the finished revision, without ended work and without what stays for a while."""
    there = {ref.key: ref for ref in inventory}
    refs = await destination.refs(
        await rollback_check.serving(destination, target), namespace=target.identity.namespace
    )
    return tuple(
        there.get(ref.key, ref) for ref in refs if not finished_work.is_over(destination, ref, target.finished)
    )


class _Masks:
    """Masks secrets' values in observations, once one has a text to mask."""

    def __init__(self, masking: Masking | None) -> None:
        self._masking = masking
        self._mask: failure_reports.Mask = failure_reports.plain

    async def taken(self, observation: verdicts.Observation) -> verdicts.Observation:
        """The observation, masked."""
        if self._masking and not observation.everything_ready:
            self._mask, self._masking = await self._masking(), None
        return failure_reports.unseen(observation, self._mask)
