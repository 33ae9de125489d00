"""Looking at what runs in a formation now, with connections of the API's own event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from sealane.errors import Conflicting, NotThere
from sealane.flows import tools
from sealane.flows.doing import goals
from sealane.flows.reaching import Destinations
from sealane.rollouts import dossiers, drifting
from sealane.store.model import Formation
from sealane.store.storing import Store


class Looking:
    """Reads destinations for people; writes nothing."""

    def __init__(self, store: Store, dummies: Path) -> None:
        self._store = store
        self._destinations = Destinations(dummies)

    async def tail(
        self, app: str, formation: str, *, container: str | None, lines: int, follow: bool
    ) -> AsyncIterator[str]:
        """What the formation's workloads print, secrets masked. Raises NotThere for an unknown formation, Unavailable."""
        found = await self._store.formations.get(app, formation)
        environment = tools.current().environment(found.environment)
        destination = await self._destinations.get(environment, found.destination)
        mask = await self._mask(found)
        told = destination.tail(
            found.inventory, namespace=found.namespace, container=container, lines=lines, follow=follow
        )

        async def masked() -> AsyncIterator[str]:
            async for line in told:
                yield mask(line)

        return masked()

    async def _mask(self, formation: Formation) -> dossiers.Mask:
        """The mask of what may run there: of the deployment that is there now, and of the one verified last."""
        ids = [each for each in (formation.current_id, formation.verified_id) if each]
        there = [await self._store.deployments.get(each) for each in dict.fromkeys(ids)]
        if not there:
            return dossiers.plain
        revisions = [await self._store.releases.revision(each.revision_id) for each in there]
        return await goals.mask(there[0], *revisions, with_files=False)

    async def drift(self, app: str, formation: str) -> drifting.Found:
        """What is not as the formation's last good deployment left it.

        Raises NotThere when nothing was verified there, Conflicting while something else is there, Unavailable.
        """
        found = await self._store.formations.get(app, formation)
        if found.verified_id is None:
            raise NotThere(f"nothing was verified at {app}/{formation} yet")
        if found.current_id != found.verified_id:
            mend = f"sealane why {app}/{formation}"
            raise Conflicting(f"what is at {app}/{formation} now was not verified, so nothing can drift", mend=mend)
        deployment = await self._store.deployments.get(found.verified_id)
        environment = tools.current().environment(found.environment)
        destination = await self._destinations.get(environment, found.destination)
        revision = await self._store.releases.revision(deployment.revision_id)
        finished = deployment.verdict.finished if deployment.verdict else None
        return await drifting.of(revision, destination, finished=finished)

    async def close(self) -> None:
        """Ends the connections."""
        await self._destinations.close()
