"""The start of a deployment's story: whether it goes, and what is there before it."""

from __future__ import annotations

from sealane.deployments import hooks_and_gates, model
from sealane.deployments import targets as shared
from sealane.deployments.start import start
from sealane.destinations.port import Destination
from sealane.errors import SealaneError
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.stencils.model import Revision
from sealane.store import conclusion
from sealane.workflows.context import Tools
from sealane.workflows.steps import admission, leftovers, outputs, plans, releases, rollback_plans, targets, timeline
from sealane.workflows.steps.deployment_memory import SqlMemory, with_finished

_RESOLVED_ANEW = "a secret changed since it was rendered, so this is another revision and approval is asked again"
_OF_A_RELEASE = {DeploymentKind.DELIVERY, DeploymentKind.MANUAL}
"""Others deploy a revision as it was verified, with the outputs of then."""


async def begin(memory: SqlMemory) -> model.Start | None:
    """Decides whether the deployment begins, and notes what is there before it; None when it does not begin.

    Key: the deployment. Undo: none needed, nothing is written.
    """
    tools, deployment = memory.tools, await memory.deployment()
    since = tools.now()
    revision = await tools.store.releases.revision(deployment.revision_id)
    if await rollback_plans.is_to_make(tools, deployment, revision):
        await rollback_plans.make(tools, deployment, revision)
        return None
    if not await _admitted(tools, deployment, revision):
        return None
    destination = await memory.destination()
    if deployment.state is DeploymentState.QUEUED and not await _is_current(tools, deployment, revision, destination):
        return None
    deployment = await tools.store.deployment_queue.begin(deployment.id, at=tools.now(), since=since)
    if deployment.state is not DeploymentState.ROLLING_OUT:
        return None
    formation = await tools.store.formations.get(deployment.app, deployment.formation)
    previous, reason = await targets.going_back(tools, deployment)
    if words := leftovers.message(deployment, formation):
        await timeline.line(tools, deployment.id, model.Phase.APPLY, words)
    old = await memory.revision(previous) if previous else None
    forward, back = await memory.targets(deployment, revision, old, destination)
    finished = await targets.finished(tools, deployment, formation.inventory, destination, forward, back)
    forward, back = with_finished(forward, back, finished)
    if back and previous and (shut := await memory.shut(previous.id, back, destination)):
        await timeline.line(tools, deployment.id, model.Phase.APPLY, f"should this fail, {shut}")
    survey = await shared.survey(destination, forward, back, formation.inventory)
    forward, back = shared.shaped(forward, back, survey)
    plan = model.DeploymentPlan(target=forward, stored=formation.inventory, previous=back, stays=reason)
    return start(
        plan,
        hooks_and_gates.of(revision),
        previous=previous.id if previous else None,
        survey=survey,
        finished=finished,
    )


async def _admitted(tools: Tools, deployment: Deployment, revision: Revision) -> bool:
    """Whether it is still allowed. If not, it has its verdict; if approvals are missing, it waits for them."""
    if deployment.state not in {DeploymentState.QUEUED, DeploymentState.ROLLING_OUT}:
        return True  # its start finds that it has ended, or waits
    verdict, goes = await admission.last_look(tools, deployment, revision)
    if verdict is not None:
        await conclusion.conclude(tools.store.database, deployment.id, verdict)
    return goes


async def _is_current(tools: Tools, deployment: Deployment, revision: Revision, destination: Destination) -> bool:
    """Whether what it was made from is unchanged, and nothing blocks it again; otherwise it was changed, and waits."""
    if await targets.secrets_changed(tools, deployment, revision, destination):
        await _revise(tools, deployment, _RESOLVED_ANEW)
        return False
    if deployment.kind in _OF_A_RELEASE and await outputs.changed(tools, revision):
        await _revise(tools, deployment, outputs.CHANGED)
        return False
    if await plans.outdated(tools, revision):
        if deployment.kind is DeploymentKind.ROLLBACK:
            await rollback_plans.make(tools, deployment, revision)
        else:
            await _revise(tools, deployment, plans.OUTDATED)
        return False
    return await tools.gates.recheck(deployment)


async def _revise(tools: Tools, deployment: Deployment, note: str) -> None:
    """After what it was made from changed: renders the release anew, and asks for its approvals again."""
    here = await targets.checked_out(tools, deployment)
    made = await tools.store.releases.get(deployment.release_id or "")
    revision, _, findings = await releases.render(here, deployment.formation, made)
    if revision is None:
        raise SealaneError(f"{deployment.label} can't be rendered any more: {findings[0]}")
    await tools.store.deployments.revise(deployment.id, revision, note=note, at=tools.now())
