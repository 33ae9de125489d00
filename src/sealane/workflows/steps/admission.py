"""Admission on the server: checks a revision against the present operators' files and policies."""

from __future__ import annotations

from dataclasses import replace

from sealane.approvals import admission
from sealane.approvals.admission import Admission, RevisionSource
from sealane.errors import Refused
from sealane.records.deployments import Deployment, DeploymentState
from sealane.stencils.model import Revision
from sealane.verdicts import outcomes
from sealane.verdicts.model import Verdict
from sealane.workflows import bundle_limits
from sealane.workflows.context import Tools
from sealane.workflows.steps import policies

MORE_ASKED = "the operators' files ask for more approvals than when it was asked for"


async def admit(tools: Tools, revision: Revision, road: RevisionSource) -> Admission:
    """Whether the revision is allowed now. Raises InvalidFiles, NotThere when the files can't be read."""
    environments = tools.environments()
    environment = environments.get(revision.environment)
    known = environment is not None and revision.app in environment.apps
    decided = await policies.decisions(tools, environment, revision) if environment and known else []
    return admission.admit(environments, revision, decided, road)


async def asked(tools: Tools, wanted: Deployment, revision: Revision) -> Deployment:
    """The deployment of a stored revision, with the approvals that it lacks. Raises Refused with the reason."""
    admitted = await admit(tools, revision, admission.road(wanted))
    if admitted.refusals:
        message = f"{wanted.label} may not have {revision.id.removeprefix('sha256:')[:7]} now: {admitted.reason}"
        raise Refused(message)
    return replace(wanted, rules=(*wanted.rules, *admitted.rules))


async def last_look(tools: Tools, deployment: Deployment, revision: Revision) -> tuple[Verdict | None, bool]:
    """Right before the first write: the verdict when it is no longer allowed, and whether it may go on.

    All deployments come through here, so what a bundle would run is checked here, too. If more approvals are required
    than at its request, its gate is shut and they are asked for.
    """
    road = admission.road(deployment)
    admitted = await admit(tools, revision, road)
    refusals = admitted.refusals
    if not refusals and not (road.automatic and tools.environment(revision.environment).allow_outdated):
        refusals = tuple(await bundle_limits.refusals(tools, deployment, revision))
    if refusals:
        return outcomes.not_admitted(admission.summary(refusals), at=tools.now()), False
    if admitted.rules and deployment.state is DeploymentState.QUEUED:
        rules = (*admission.lacking(deployment.rules, admitted.rules), *admitted.rules)
        return None, not await tools.store.deployments.demand(deployment.id, rules, note=MORE_ASKED, at=tools.now())
    return None, True
