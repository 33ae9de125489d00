"""The watch of workloads that others deploy: their version and health, by the rules of a rollout. It writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sealane import clock
from sealane.deployments import health_watch, targets
from sealane.deployments.health_watch import HealthContext
from sealane.destinations.model import Inventory
from sealane.destinations.observed import Observed
from sealane.destinations.port import Destination
from sealane.environments.model import ObservedPlace
from sealane.formations.strategy import Strategy
from sealane.stencils.model import Origin, Rendered, Revision
from sealane.verdicts.health import FormationHealth, HealthState

LIST_EVERY = timedelta(seconds=30)
"""The pause between two listings of workloads and versions. Changes of health are told at once."""


@dataclass(kw_only=True, slots=True)
class ObservedWatch:
    """One place that is watched."""

    place: ObservedPlace
    tell: Callable[[str, FormationHealth], Awaitable[bool]]
    """Told the version and the health whenever they change; False ends the watch."""
    before: FormationHealth | None = None
    """What was told last."""
    every: timedelta = LIST_EVERY
    now: clock.Clock = clock.now

    async def follow(self, destination: Destination) -> None:
        """Watches until `tell` ends it. Raises Unavailable when the destination doesn't answer."""
        while True:
            seen = await destination.observed(self.place.namespace)
            if not seen.objects:
                if not await self._say(seen.version, self._nothing()):
                    return
                await asyncio.sleep(self.every.total_seconds())
            elif not await self._follow(destination, seen):
                return

    async def _follow(self, destination: Destination, seen: Observed) -> bool:
        """Watches these workloads until the listing changes; False when `tell` ended the watch."""
        target = await targets.to_look_at(_revision(self.place, seen), destination)
        inventory = await _inventory(destination, seen, self.place.namespace)

        async def tell(health: FormationHealth) -> bool:
            return await self._say(seen.version, health)

        by = HealthContext(tell=tell, before=self.before, now=self.now)
        watching = asyncio.create_task(health_watch.follow(destination, target, inventory, by))
        try:
            while True:
                done, _ = await asyncio.wait({watching}, timeout=self.every.total_seconds())
                if done:
                    watching.result()
                    return False
                if (await destination.observed(self.place.namespace)).shape != seen.shape:
                    return True
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _say(self, version: str, health: FormationHealth) -> bool:
        self.before = health
        return await self.tell(version, health)

    def _nothing(self) -> FormationHealth:
        before = self.before
        if before and before.state is HealthState.MISSING:
            return before
        cause = f"Nothing runs in namespace {self.place.namespace} that others deployed."
        now = self.now()
        bad_since = (before.bad_since or now) if before else None
        return FormationHealth(state=HealthState.MISSING, since=now, cause=cause, bad_since=bad_since)


def _revision(place: ObservedPlace, seen: Observed) -> Revision:
    """A revision made from the live objects."""
    return Revision(
        id=f"observed {place.app}/{place.formation}",
        app=place.app,
        formation=place.formation,
        environment=place.environment,
        destination=place.destination,
        namespace=place.namespace,
        release=None,
        objects=tuple(Rendered(object=dict(manifest), origin=Origin(file="")) for manifest in seen.objects),
        strategy=Strategy(),
        secret_object=None,
        secrets={},
        secret_versions={},
        config_object=None,
        config_versions={},
    )


async def _inventory(destination: Destination, seen: Observed, namespace: str) -> Inventory:
    """The inventory of the live objects."""
    uids = {
        (manifest["kind"], manifest["metadata"]["name"]): manifest["metadata"].get("uid") for manifest in seen.objects
    }
    refs = await destination.refs(seen.objects, namespace=namespace)
    return tuple(ref.with_uid(uids.get((ref.kind, ref.name))) for ref in refs)
