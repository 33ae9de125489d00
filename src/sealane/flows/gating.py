"""Gating: opens the gates of deployments that wait for nothing any more, and queues them. No workflow waits at a gate."""

from __future__ import annotations

from dataclasses import dataclass

from sealane import clock
from sealane.approvals import waiting
from sealane.flows.queueing import Queueing
from sealane.store.model import Deployment
from sealane.store.storing import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Gates:
    """The gates of all deployments."""

    store: Store
    queueing: Queueing
    now: clock.Clock = clock.now

    async def look(self, app: str | None = None) -> None:
        """Opens every gate of the app, or of all apps, that can be opened. May be called at any time, by anybody."""
        for deployment in await self.store.deployments.waiting(app):
            around = await self.store.views.circumstances(deployment)
            if reason := waiting.hopeless(deployment, around):
                await self.store.deployments.reject(deployment.id, reason=reason, at=self.now())
            elif not waiting.conditions(deployment, around) and await self.store.deployments.open(
                deployment.id, revision_id=deployment.revision_id, at=self.now()
            ):
                await self.queue(await self.store.deployments.get(deployment.id))

    async def sweep(self) -> None:
        """Queues what was stored or opened by somebody who died before queueing it."""
        for run_id in await self.store.runs.unqueued():
            await self.queueing.delivery(run_id)
            await self.store.runs.mark_queued(run_id)
        for deployment in await self.store.deployments.unqueued():
            await self.queue(deployment)
        await self.look()

    async def queue(self, deployment: Deployment) -> None:
        """Queues an opened deployment. Key: its id and when it was opened; queued twice, it runs once."""
        opened = deployment.opened or deployment.created
        await self.queueing.deployment(deployment.id, deployment.label, opened.strftime("%Y%m%d%H%M%S%f"))
        await self.store.deployments.mark_queued(deployment.id)
