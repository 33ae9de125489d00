"""Rolls back a revision that degrades soon after its verdict: the last verified revision is redeployed automatically.

The rollback is a deployment like any other: it goes through the queue, the fence and the verdict, and a newer one that
began meanwhile supersedes it. Until it begins, only its row exists, written in one transaction.
"""

from __future__ import annotations

from sealane.deployments import after_verdict
from sealane.deployments import targets as shared
from sealane.deployments.model import Phase
from sealane.records.deployments import Deployment
from sealane.store import conclusion
from sealane.store.deployments import Line
from sealane.store.watches import Watch
from sealane.verdicts import outcomes
from sealane.verdicts.health import FormationHealth, HealthState
from sealane.workflows.context import Tools
from sealane.workflows.steps import targets


async def consider(tools: Tools, watch: Watch, health: FormationHealth) -> None:
    """Rolls back the watched deployment if it degrades within its time and is to blame; otherwise says why not.

    Key: the deployment. Another worker considers it again, since the formation is still degraded.
    """
    if health.state is not HealthState.DEGRADED:
        return
    deployment = await tools.store.deployments.get(watch.deployment)
    until = deployment.watched_until
    back = await targets.rolled_back_to(tools, deployment) if until and health.since <= until else None
    if back is None or deployment.verdict is None:
        return
    blame = await _blamed(tools, deployment, health)
    if blame.cause is None or blame.report is None:
        words = f"degraded after the verdict, and is not rolled back: {blame.outside}"
        await tools.store.deployments.tell(
            deployment.id,
            at=tools.now(),
            line=Line(key=f"outside {health.reason}", phase=Phase.WATCH.value, text=words),
        )
        return
    await tools.store.failure_reports.keep(deployment.id, blame.report.to_json(), at=tools.now())
    verdict = outcomes.rolled_back_late(blame.cause, at=tools.now(), verified=deployment.verdict.at)
    revision = await tools.store.releases.revision(back.revision_id)
    await conclusion.roll_back(tools.store.database, deployment.id, verdict, to=back, revision=revision)
    await tools.gates.look(deployment.app)


async def _blamed(tools: Tools, deployment: Deployment, health: FormationHealth) -> after_verdict.Blame:
    formation = await tools.store.formations.get(deployment.app, deployment.formation)
    revision = await tools.store.releases.revision(deployment.revision_id)
    destination = await targets.destination_of(tools, deployment)
    finished = deployment.verdict.finished if deployment.verdict else None
    target = await shared.to_look_at(revision, destination, finished=finished)
    mask = await targets.mask(tools, deployment, revision)
    return await after_verdict.blamed(destination, target, formation.inventory, health, mask=mask, now=tools.now)
