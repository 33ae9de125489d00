"""A shop and its server inside this process, engine and destination only pretending: pushed to, and asked directly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sealane import composition
from sealane.records.deployments import Deployment, DeploymentState
from sealane.settings.model import Settings
from tests.recovery.shop import Shop, pushed

T = TypeVar("T")


class Inside:
    """The shop's repository and the server that serves it, once it was started."""

    sweep = 0.2
    """Seconds between two looks for lost work."""
    keep_workspaces = False

    def __init__(self, root: Path) -> None:
        self.shop = Shop(root)
        self.server: composition.Server
        self.before: str | None = None
        """The commit that was pushed last."""

    async def start(self) -> None:
        """Starts a server over the shop's folder."""
        settings = Settings(
            data=self.shop.data,
            engine={"kind": "dummy"},
            worker={"poll": 0.25, "sweep": self.sweep, "heartbeat": 0.5},
            runs={"keep_workspaces": self.keep_workspaces},
        )
        self.server = await composition.start(settings, lost=lambda: None)

    @asynccontextmanager
    async def knowing_the_shop(self) -> AsyncIterator[None]:
        """A server with the shop registered, for as long as this lasts; a test may put another in its place."""
        await self.start()
        await self.shop.register(self.server)
        yield
        await self.server.destroy()

    async def push_files(self, words: str, files: Mapping[str, str]) -> str:
        """Pushes a version made of these files and gives its run."""
        commit = self.shop.commit_files(words, dict(files))
        self.shop.push()
        receipt = await self.server.intake.receive(pushed(commit, before=self.before))
        self.before = commit
        return receipt.run_id

    async def reached(self, deployment_id: str, *, state: DeploymentState = DeploymentState.ENDED) -> Deployment:
        """The deployment once it has got there."""
        get = self.server.store.deployments.get
        return await self.until(lambda: get(deployment_id), lambda deployment: deployment.state is state)

    async def until(self, look: Callable[[], Awaitable[T]], good: Callable[[T], Any]) -> T:
        """What is seen once it is good."""
        pause = 0.05
        async with asyncio.timeout(120):
            while not good(result := await look()):
                await asyncio.sleep(pause)  # looking costs the processor that workflows need
                pause = min(pause * 1.1, 0.4)
        return result
