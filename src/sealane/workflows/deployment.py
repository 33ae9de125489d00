"""A deployment on a server: the story of `sealane.deployments.deploy` over a durable journal and the database.

All that could hold it back was decided before: its gates are open. Every execution takes the formation for its worker,
which fences off any earlier worker; and every write checks the fence first.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import ParamSpec, Protocol, TypeVar

from dbos import DBOS

from sealane.deployments import model
from sealane.deployments.deploy import deploy
from sealane.errors import SealaneError
from sealane.journal import Broken, Journal
from sealane.verdicts import outcomes
from sealane.workflows import queues
from sealane.workflows.context import Tools
from sealane.workflows.steps import deployment_start, old_color, timeline
from sealane.workflows.steps.deployment_memory import SqlMemory

P = ParamSpec("P")
T = TypeVar("T")


def register(tools: Tools) -> None:
    """Makes the workflow known to the engine."""

    @DBOS.workflow(name="deployment", max_recovery_attempts=None)
    async def deployment(deployment_id: str) -> None:
        tools.gates.queueing.bells[queues.DEPLOYMENTS].ring_at_end()
        memory = SqlMemory(tools=tools, id=deployment_id)
        await told(memory, tools.journal(waits=functools.partial(_waits, memory)))


class WorkflowJournal(Journal, Protocol):
    """The journal of a workflow, which does some things in each execution."""

    async def insist(self, name: str, body: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Does something each time, not as a step. Raises Broken."""


async def told(memory: SqlMemory, journal: WorkflowJournal) -> None:
    """Takes a revision to its formation, and to a verdict."""
    try:
        outcome = await _deployed(journal, memory)
    except Broken as error:
        outcome = model.Outcome(verdict=outcomes.broken(error.message, at=memory.tools.now()))
        await journal.step("conclude broken", memory.conclude, outcome)
    if outcome and outcome.kept_for:
        await journal.step("retire later", old_color.queue, memory.tools, memory.id, outcome.kept_for)
    await journal.step("gates", _look_at_gates, memory)


async def _deployed(journal: WorkflowJournal, memory: SqlMemory) -> model.Outcome | None:
    """How it ended; None when it does not begin."""
    start = await journal.step("start", deployment_start.begin, memory)
    if start is None:
        return None
    # Not a durable step, on purpose: a worker that takes over takes the formation anew.
    deployment = await memory.deployment()
    fence = await journal.insist("take", memory.tools.fencing.take, deployment.app, deployment.formation)
    revision = await memory.revision(deployment)
    return await deploy(start, journal, memory, memory.context(deployment, revision, fence))


async def _waits(memory: SqlMemory, error: SealaneError, since: datetime) -> None:
    """Notes in the timeline what does not answer."""
    unreached = since if error.unreached else None
    says = f"waits: {error.message}"
    await timeline.line(memory.tools, memory.id, model.Phase.APPLY, says, unreached_since=unreached)


async def _look_at_gates(memory: SqlMemory) -> None:
    """Opens the gates that this deployment kept shut. Key: none needed, only deployments that may begin are changed."""
    await memory.tools.gates.look((await memory.deployment()).app)
