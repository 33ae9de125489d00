"""Looking at what runs in a formation now, with connections of the API's own event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from sealane.flows import tools
from sealane.flows.reaching import Destinations
from sealane.store.storing import Store


class Looking:
    """Reads destinations for people; writes nothing."""

    def __init__(self, store: Store, dummies: Path) -> None:
        self._store = store
        self._destinations = Destinations(dummies)

    async def tail(
        self, app: str, formation: str, *, container: str | None, lines: int, follow: bool
    ) -> AsyncIterator[str]:
        """What the formation's workloads print. Raises NotThere for an unknown formation, Unavailable."""
        found = await self._store.formations.get(app, formation)
        environment = tools.current().environment(found.environment)
        destination = await self._destinations.get(environment, found.destination)
        return destination.tail(
            found.inventory, namespace=found.namespace, container=container, lines=lines, follow=follow
        )

    async def close(self) -> None:
        """Ends the connections."""
        await self._destinations.close()
