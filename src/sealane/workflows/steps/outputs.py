"""Outputs of formations on the server: what revisions take of them as values, and whether that has changed."""

from __future__ import annotations

import asyncio

from sealane.configfiles.trees import Tree
from sealane.deployments import output_values
from sealane.destinations.outputs import OutputSource
from sealane.environments.model import DestinationConfig, Environment
from sealane.formations import output_references
from sealane.formations.model import Formation
from sealane.formations.output_references import NamedOutput
from sealane.stencils.model import Revision
from sealane.stencils.output_formations import OutputValues
from sealane.workflows.context import Tools

CHANGED = "an output of another formation has changed since it was rendered, so this is another revision and approval is asked again"


async def of(tools: Tools, app: str, formation: Formation, tree: Tree, environment: Environment | None) -> OutputValues:
    """The outputs that the formation's values name, as they are now. Raises Unavailable."""
    if not output_references.of(formation):
        return OutputValues()
    return await asyncio.to_thread(
        output_values.of,
        formation,
        tree,
        app=app,
        environment=environment,
        open_source=lambda config: _source(tools, environment, config),
        adapters=tools.adapters,
    )


async def now(tools: Tools, revision: Revision) -> tuple[NamedOutput, ...]:
    """The outputs in the revision, as they are now. Raises NotThere, Unavailable."""
    if not revision.outputs:
        return ()
    environment = tools.environment(revision.environment)
    return await asyncio.to_thread(
        output_values.now,
        revision.outputs,
        app=revision.app,
        environment=environment,
        open_source=lambda config: _source(tools, environment, config),
    )


async def changed(tools: Tools, revision: Revision) -> bool:
    """Whether it must be rendered anew, since outputs in it are others now, or have no value yet. Raises Unavailable."""
    return await now(tools, revision) != revision.outputs or not all(output.known for output in revision.outputs)


def awaited(revision: Revision) -> str | None:
    """What is said of a revision that lacks outputs; None for any other."""
    names = dict.fromkeys(output.formation for output in revision.outputs if not output.known)
    if not names:
        return None
    return f"it takes outputs of {', '.join(names)}, and is rendered anew when that is deployed"


def _source(tools: Tools, environment: Environment | None, config: DestinationConfig) -> OutputSource | None:
    return tools.destinations.outputs(environment, config) if environment else None
