"""Plans of revisions, for destinations that apply only what was planned and approved."""

from __future__ import annotations

from sealane.destinations.port import Planner
from sealane.errors import NotThere
from sealane.findings import Finding
from sealane.stencils.model import Revision
from sealane.workflows.context import Tools

OUTDATED = "what it was planned from has changed, so it is planned anew and approval is asked again"
ASKED = "the way back is planned against what is there now, and is applied once people approve that plan"
PLANNED = "the way back is planned against what is there now"
UNCHANGED = "the way back is planned against what is there now, and changes nothing"


async def planned(tools: Tools, revision: Revision) -> tuple[Revision | None, list[Finding]]:
    """The revision with its plans, which its id covers; or why it can't be planned. Raises Unavailable."""
    planner = _planner(tools, revision.environment, revision.destination)
    if planner is None:
        return revision, []
    return await planner.plan(revision, deletes=tools.environment(revision.environment).delete_budget)


async def rollback(tools: Tools, revision: Revision, *, seen: bool) -> tuple[Revision | None, list[Finding]]:
    """The revision with plans against what is there now. `seen`: people will approve them, with all that they delete.

    Going back deletes what the newer revision made, and the older one's files can't name that, as a commit may.
    """
    planner = _planner(tools, revision.environment, revision.destination)
    if planner is None:
        return revision, []
    budget = tools.environment(revision.environment).delete_budget
    return await planner.plan(revision, deletes=None if seen else budget)


def is_empty(tools: Tools, revision: Revision) -> bool:
    """Whether its plans change nothing."""
    planner = _planner(tools, revision.environment, revision.destination)
    return planner is None or planner.is_empty(revision)


async def outdated(tools: Tools, revision: Revision) -> bool:
    """Whether its plans can't be applied any more. Raises Unavailable."""
    planner = _planner(tools, revision.environment, revision.destination)
    return planner is not None and await planner.is_outdated(revision)


def are_needed(tools: Tools, environment: str, destination: str) -> bool:
    """Whether the destination applies only what was planned; no, where the operators' files don't tell: admission does."""
    return tools.destinations.plans(tools.environments, environment, destination)


def _planner(tools: Tools, environment: str, destination: str) -> Planner | None:
    """None also for a destination that the files no longer name: admission tells that."""
    try:
        return tools.destinations.planner(tools.environment(environment), destination)
    except NotThere:
        return None
