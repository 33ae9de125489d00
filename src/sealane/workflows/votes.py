"""Votes: people's approvals and rejections, checked against their rights."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sealane import clock, inputs
from sealane.access.model import Actor
from sealane.approvals import quorum
from sealane.errors import Conflicting, Refused
from sealane.records.deployments import Deployment, DeploymentState, Vote
from sealane.store.all_stores import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Approvals:
    """Takes votes; after each, `look` opens the gates that may be opened."""

    store: Store
    look: Callable[[str], Awaitable[None]]
    now: clock.Clock = clock.now

    async def approve(self, deployment_id: str, *, by: Actor, comment: str = "") -> Deployment:
        """Approves the deployment's present revision.

        Raises NotThere, Conflicting when it doesn't wait any more or was decided on, Refused with the reason.
        """
        return await self._vote(deployment_id, by=by, approves=True, comment=comment)

    async def reject(self, deployment_id: str, *, by: Actor, comment: str = "") -> Deployment:
        """Rejects it, which ends the deployment as cancelled. Raises as `approve` does."""
        return await self._vote(deployment_id, by=by, approves=False, comment=comment)

    async def _vote(self, deployment_id: str, *, by: Actor, approves: bool, comment: str) -> Deployment:
        deployment = await self.store.deployments.get(deployment_id)
        if deployment.state is not DeploymentState.WAITING:
            raise Conflicting(f"{deployment_id} does not wait for anybody any more: it is {deployment.state}")
        inputs.check_text(comment, "the comment")
        barred = await self.store.views.barred(deployment)
        if reason := quorum.refusal(deployment, by.name, by.groups, barred):
            raise Refused(reason)
        groups = by.approves_as(deployment.app, deployment.environment)
        if quorum.refusal(deployment, by.name, groups, barred):
            where = f"{deployment.app}/{deployment.environment}"
            raise Refused(f"{by.name} may not approve {where}, though asked: grants of access.yaml say where they may")
        vote = Vote(
            user=by.name,
            groups=groups,
            revision_id=deployment.revision_id,
            approves=approves,
            comment=comment,
            at=self.now(),
        )
        await self.store.votes.add(deployment, vote)
        await self.look(deployment.app)
        return await self.store.deployments.get(deployment_id)
