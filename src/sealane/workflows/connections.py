"""Connections to destinations: one to each, opened at the first use and shared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from sealane.adapters import SHIPPED, Adapters
from sealane.clients.relay.hub import Hub
from sealane.destinations.outputs import OutputSource
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext, Planner, Previewer
from sealane.environments.model import DestinationConfig, Environment
from sealane.errors import NotThere, SealaneError
from sealane.findings import did_you_mean


class Destinations:
    """The destinations of all environments, on one event loop."""

    def __init__(
        self,
        state: Path,
        adapters: Adapters = SHIPPED,
        *,
        keys: Path | None = None,
        relays: Hub | None = None,
        helm: str = "helm",
    ) -> None:
        """`state` is the folder for the state of destinations on this machine, `keys` that with the keys of apps.

        `relays` reach others; `helm` is the program that installs releases.
        """
        self._keys = keys
        self._helm = helm
        self._state = state
        self._adapters = adapters
        self._relays = relays
        self._open: dict[DestinationConfig, Destination] = {}
        self._opening = asyncio.Lock()
        self._closing = AsyncExitStack()

    async def get(self, environment: Environment, name: str) -> Destination:
        """The environment's destination of that name. Raises NotThere, Unavailable."""
        config = _config(environment, name)
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
        return await self._closing.enter_async_context(adapter.open(config.written, self._context(environment, config)))

    def planner(self, environment: Environment, name: str) -> Planner | None:
        """What plans revisions for the environment's destination of that name; None where nothing has to. Raises NotThere."""
        config = _config(environment, name)
        adapter = self._adapters.destinations.get(config.kind, DestinationAdapter)
        return adapter.planner(config.written, self._context(environment, config)) if adapter.planner else None

    def outputs(self, environment: Environment, config: DestinationConfig) -> OutputSource | None:
        """What formations at the destination give to others; None for kinds without outputs."""
        adapter = self._adapters.destinations.get(config.kind, DestinationAdapter)
        return adapter.outputs(config.written, self._context(environment, config)) if adapter.outputs else None

    def plans_pull_requests(self, environment: Environment, name: str) -> bool:
        """Whether operators let pull requests be planned at that destination. Raises NotThere."""
        config = _config(environment, name)
        return self._adapters.destinations.get(config.kind, DestinationAdapter).plans_pull_requests(config.written)

    def previewer(self, environment: Environment, name: str) -> Previewer | None:
        """What plans pull requests there; None where nothing may. Raises NotThere, UsageError."""
        config = _config(environment, name)
        adapter = self._adapters.destinations.get(config.kind, DestinationAdapter)
        if adapter.previewer is None or not adapter.plans_pull_requests(config.written):
            return None
        return adapter.previewer(config.written, self._context(environment, config))

    def is_planned(self, environment: Environment, name: str) -> bool:
        """Whether that destination applies only what was planned. Raises NotThere."""
        kind = _config(environment, name).kind
        return self._adapters.destinations.get(kind, DestinationAdapter).planner is not None

    def plans(self, environments: Callable[[], Mapping[str, Environment]], environment: str, name: str) -> bool:
        """As `is_planned`, by the present files; no, where they don't tell: admission does."""
        try:
            return self.is_planned(environments()[environment], name)
        except (SealaneError, KeyError):
            return False

    def _context(self, environment: Environment, config: DestinationConfig) -> DestinationContext:
        return DestinationContext(
            name=config.name,
            environment=environment.name,
            state=self._state,
            keys=self._keys,
            relays=self._relays,
            helm=self._helm,
        )


def _config(environment: Environment, name: str) -> DestinationConfig:
    config = environment.destinations.get(name)
    if config is None:
        hint = did_you_mean(name, environment.destinations)
        raise NotThere(f"{environment.name} has no destination {name}", hint=hint)
    return config
