"""An engine from both sides: by its own client, and by our runner."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealane.clients.engine.api import Engine
from sealane.runners import scripts
from sealane.runners.docker import DockerRunner
from sealane.runners.model import RunKey, ServiceHealth, ServiceSpec, StepResult, StepSpec
from tests.contracts.own_clients import Client


@dataclass(frozen=True, kw_only=True)
class Side:
    """One engine, by its own client and by our runner."""

    client: Client
    engine: Engine
    runner: DockerRunner
    image: str
    run: RunKey
    folder: Path

    async def step(self, command: str, image: str | None = None, **more: Any) -> tuple[StepResult, bytes]:
        """Runs a step of one command; its output is without the command as it is said."""
        printed = bytearray()
        key = f"step/{secrets.token_hex(4)}"
        spec = StepSpec(key=key, image=image or self.image, commands=(command,), **more)
        result = await self.runner.run_step(self.run, spec, printed.extend)
        return result, bytes(printed).replace(f"{scripts.shown_command(command)}\n".encode(), b"", 1)

    async def left(self, name: str) -> None:
        """Waits until a step has left a file of that name in the workspace."""
        async with asyncio.timeout(60):
            while not (self.folder / name).exists():  # noqa: ASYNC110 - a container writes it
                await asyncio.sleep(0.02)

    async def service(self, **more: Any) -> tuple[ServiceSpec, ServiceHealth]:
        """Starts a service and waits until it is healthy or never will be."""
        spec = ServiceSpec(**{"name": f"db-{secrets.token_hex(4)}", "image": self.image} | more)
        health = await self.runner.start_service(self.run, spec) or await self.runner.await_healthy(self.run, spec)
        return spec, health
