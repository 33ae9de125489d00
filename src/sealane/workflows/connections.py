"""Reaching destinations: one connection to each, opened when first asked for and shared by all that go there."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from sealane.clients.kubernetes.cluster import Cluster
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.dummy.state import State
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.port import Destination
from sealane.environments.model import DestinationConfig, Environment
from sealane.errors import NotThere
from sealane.findings import did_you_mean


class Destinations:
    """The destinations of all environments, on one event loop."""

    def __init__(self, dummies: Path) -> None:
        """`dummies` is the folder in which destinations that pretend keep what they have."""
        self._dummies = dummies
        self._open: dict[DestinationConfig, Destination] = {}
        self._opening = asyncio.Lock()
        self._closing = AsyncExitStack()

    async def get(self, environment: Environment, name: str) -> Destination:
        """The environment's destination of that name. Raises NotThere, Unavailable."""
        config = environment.destinations.get(name)
        if config is None:
            mend = did_you_mean(name, environment.destinations)
            raise NotThere(f"{environment.name} has no destination {name}", mend=mend)
        async with self._opening:
            if config not in self._open:
                self._open[config] = await self._reach(environment, config)
            return self._open[config]

    async def close(self) -> None:
        """Ends all connections."""
        self._open.clear()
        await self._closing.aclose()

    async def _reach(self, environment: Environment, config: DestinationConfig) -> Destination:
        if config.kind == "dummy":
            return DummyDestination(State(self._dummies / environment.name / f"{config.name}.json"))
        kubeconfig = Path(config.kubeconfig) if config.kubeconfig else None
        called = f"kubeconfig of destination {config.name}" if kubeconfig else ""
        connecting = Cluster.connect(kubeconfig, context=config.context, in_cluster=config.in_cluster, called=called)
        return KubernetesDestination(await self._closing.enter_async_context(connecting))
