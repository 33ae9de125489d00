"""Plans of revisions, for destinations that apply only what was planned and approved."""

from __future__ import annotations

from sealane.destinations.port import Planner
from sealane.errors import NotThere, SealaneError
from sealane.findings import Finding
from sealane.stencils.model import Revision
from sealane.workflows.context import Tools

OUTDATED = "what it was planned from has changed, so it is planned anew and approval is asked again"


async def planned(tools: Tools, revision: Revision) -> tuple[Revision | None, list[Finding]]:
    """The revision with its plans, which its id covers; or why it can't be planned. Raises Unavailable."""
    planner = _planner(tools, revision.environment, revision.destination)
    if planner is None:
        return revision, []
    return await planner.plan(revision, deletes=tools.environment(revision.environment).delete_budget)


async def outdated(tools: Tools, revision: Revision) -> bool:
    """Whether its plans can't be applied any more. Raises Unavailable."""
    planner = _planner(tools, revision.environment, revision.destination)
    return planner is not None and await planner.is_outdated(revision)


def are_needed(tools: Tools, environment: str, destination: str) -> bool:
    """Whether the destination applies only what was planned; no, where the operators' files don't tell: admission does."""
    try:
        return tools.destinations.is_planned(tools.environment(environment), destination)
    except SealaneError:
        return False


def _planner(tools: Tools, environment: str, destination: str) -> Planner | None:
    """None also for a destination that the files no longer name: admission tells that."""
    try:
        return tools.destinations.planner(tools.environment(environment), destination)
    except NotThere:
        return None
