"""Deletes the old color after a switch, as bodies of durable steps."""

from __future__ import annotations

from datetime import timedelta

from sealane.deployments import messages, prune_phase
from sealane.deployments import targets as rollouts_goals
from sealane.deployments.model import Phase
from sealane.destinations.model import Fence
from sealane.records.deployments import DeploymentState
from sealane.store.deployments import Line
from sealane.verdicts.model import VerdictKind
from sealane.workflows.context import Tools
from sealane.workflows.steps import targets

_WROTE_NOTHING = {VerdictKind.SUPERSEDED, VerdictKind.CANCELLED}


async def queue(tools: Tools, deployment_id: str, after: timedelta) -> None:
    """Queues the deletion of the old color after that time. Key: the deployment. Undo: none needed."""
    deployment = await tools.store.deployments.get(deployment_id)
    await tools.gates.queueing.retirement(deployment_id, deployment.label, after=after.total_seconds())


async def is_last(tools: Tools, deployment_id: str) -> bool:
    """Whether no deployment has written there since. Key: none needed, it only looks."""
    store = tools.store
    subject = await store.deployments.get(deployment_id)
    for deployment in await store.deployments.history(subject.app, subject.formation):
        if deployment.state is DeploymentState.ROLLING_OUT:
            return False
        if deployment.state is DeploymentState.ENDED and deployment.verdict_kind not in _WROTE_NOTHING:
            return deployment.id == deployment_id
    return False


async def retire(tools: Tools, deployment_id: str, fence: Fence) -> None:
    """Deletes it, and takes it out of the inventory. Key: the inventory. Undo: the next deployment makes it again."""
    deployment = await tools.store.deployments.get(deployment_id)
    formation = await tools.store.formations.get(deployment.app, deployment.formation)
    destination = await targets.destination_of(tools, deployment)
    revision = await tools.store.releases.revision(deployment.revision_id)
    target = await targets.target(tools, deployment, revision, formation, destination)
    survey = await rollouts_goals.survey(destination, target, None, as_it_serves=True)
    target, _ = rollouts_goals.shaped(target, None, survey)
    retired = await prune_phase.retire(destination, target, formation.inventory, fence=fence)
    await fence()
    await tools.store.formations.set_inventory(deployment.app, deployment.formation, retired.inventory)
    if words := messages.pruned_words(retired):
        line = Line(key=f"retired {words}", phase=Phase.PRUNE.value, text=words)
        await tools.store.deployments.tell(deployment_id, at=tools.now(), line=line)
