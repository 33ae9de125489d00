"""Plans of rollbacks, where only what was planned can be applied: people see them before they are applied."""

from __future__ import annotations

from collections.abc import Sequence

from sealane.approvals.admission import RevisionSource, is_automatic, plan_rules, summary
from sealane.findings import Finding
from sealane.records.deployments import ApprovalRule, Deployment, DeploymentState
from sealane.stencils.model import Revision
from sealane.store import conclusion
from sealane.verdicts import outcomes
from sealane.workflows.context import Tools
from sealane.workflows.steps import admission, plans


async def is_to_make(tools: Tools, deployment: Deployment, revision: Revision) -> bool:
    """Whether it is an automatic rollback whose plan nobody has seen, and which may change something."""
    unseen = deployment.state is DeploymentState.QUEUED and is_automatic(deployment) and not deployment.rules
    if not unseen or not plans.are_needed(tools, deployment.environment, deployment.destination):
        return False
    return not plans.is_empty(tools, revision) or await plans.outdated(tools, revision)


async def make(tools: Tools, deployment: Deployment, revision: Revision) -> None:
    """Plans a rollback against what is there now, and asks for approval of that plan, unless it changes nothing.

    The stored revision is planned, not its release rendered again: its configuration is what was verified. Where the
    plan is not possible or not allowed, the deployment has its verdict. Key: the deployment, which is not queued any more.
    """
    automatic = is_automatic(deployment)
    seen = automatic or bool((*deployment.rules, *deployment.agreed))
    planned, findings = await plans.rollback(tools, revision, seen=seen)
    if planned is None:
        await _refuse(tools, deployment, findings)
        return
    rules: tuple[ApprovalRule, ...] = ()
    says = plans.UNCHANGED
    if not (automatic and plans.is_empty(tools, planned)):
        admitted = await admission.admit(tools, planned, RevisionSource())
        if admitted.refusals:
            await _refuse(tools, deployment, admitted.refusals)
            return
        rules = plan_rules(deployment, admitted.rules, tools.approvers(planned.environment, planned.app))
        says = plans.ASKED if rules else plans.PLANNED
    at, remark = tools.now(), deployment.note
    await tools.store.deployments.revise(deployment.id, planned, note=says, remark=remark, rules=rules, at=at)


async def _refuse(tools: Tools, deployment: Deployment, findings: Sequence[Finding]) -> None:
    verdict = outcomes.not_admitted(summary(findings), at=tools.now())
    await conclusion.conclude(tools.store.database, deployment.id, verdict)
