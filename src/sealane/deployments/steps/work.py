"""What the bodies of all steps work with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sealane import clock
from sealane.adapters import SHIPPED, Adapters
from sealane.deployments import model
from sealane.deployments.gates.context import no_secret
from sealane.deployments.jobs import JobContext
from sealane.deployments.memory import Memory, Prepared
from sealane.destinations import model as destinations
from sealane.egress import Allowlist
from sealane.events.model import Alert
from sealane.formations.gates import Alerts


def anything() -> None:
    """On a person's own machine gates may ask any host."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What a deployment needs beside its memory."""

    fence: destinations.Fence = destinations.unfenced
    """Awaited before every write. Raises Fenced once somebody else deploys."""
    secret: Callable[[str], Awaitable[str]] = no_secret
    """Resolves a reference of a secret, of a gate or an annotation."""
    allowed: Callable[[], Allowlist | None] = anything
    """What gates and annotations may ask."""
    alerts: Callable[[Alerts, datetime], Awaitable[Sequence[Alert]]] | None = None
    """This formation's alerts since that time that count; None where nothing receives alerts."""
    adapters: Adapters = SHIPPED
    now: clock.Clock = field(default=clock.now)


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One deployment under way."""

    start: model.Start
    memory: Memory
    context: Context

    async def prepared(self) -> Prepared:
        """The work of this step."""
        return await self.memory.prepare(self.start)

    @asynccontextmanager
    async def telling(self, phase: model.Phase) -> AsyncIterator[Callable[[str], None]]:
        """Tells lines of a phase."""
        async with self.memory.telling() as listener:

            def tell(says: str) -> None:
                listener(model.Progress(phase=phase, at=self.context.now(), message=says, key=f"{phase} {says}"))

            yield tell

    async def tell(self, phase: model.Phase, says: str, *, stage: str = "") -> None:
        """Tells one line, of the stage that begins with it; nothing when it is empty."""
        if says:
            at, key = self.context.now(), f"{phase} {says}"
            async with self.memory.telling() as listener:
                listener(model.Progress(phase=phase, at=at, message=says, key=key, stage=stage))

    async def jobs(self, prepared: Prepared) -> JobContext:
        """What running Jobs beside the rollout needs."""
        return JobContext(
            destination=prepared.destination,
            fence=self.context.fence,
            mask=await self.memory.mask(),
            now=self.context.now,
        )
