"""Connections to destinations: one to each, opened at the first use and shared."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from sealane.adapters import SHIPPED, Adapters
from sealane.clients.relay.hub import Hub
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext
from sealane.environments.model import DestinationConfig, Environment
from sealane.errors import NotThere
from sealane.findings import did_you_mean


class Destinations:
    """The destinations of all environments, on one event loop."""

    def __init__(
        self, state: Path, adapters: Adapters = SHIPPED, *, relays: Hub | None = None, helm: str = "helm"
    ) -> None:
        """`state` is the folder for the state of destinations on this machine; `relays` reach others.

        `helm` is the program that installs releases.
        """
        self._helm = helm
        self._state = state
        self._adapters = adapters
        self._relays = relays
        self._open: dict[DestinationConfig, Destination] = {}
        self._opening = asyncio.Lock()
        self._closing = AsyncExitStack()

    async def get(self, environment: Environment, name: str) -> Destination:
        """The environment's destination of that name. Raises NotThere, Unavailable."""
        config = environment.destinations.get(name)
        if config is None:
            hint = did_you_mean(name, environment.destinations)
            raise NotThere(f"{environment.name} has no destination {name}", hint=hint)
        async with self._opening:
            if config not in self._open:
                self._open[config] = await self._reach(environment, config)
            return self._open[config]

    async def close(self) -> None:
        """Ends all connections."""
        self._open.clear()
        await self._closing.aclose()

    async def _reach(self, environment: Environment, config: DestinationConfig) -> Destination:
        adapter = self._adapters.destinations.get(config.kind, DestinationAdapter)
        context = DestinationContext(
            name=config.name, environment=environment.name, state=self._state, relays=self._relays, helm=self._helm
        )
        return await self._closing.enter_async_context(adapter.open(config.written, context))
