"""The workflow of a run: the story of `sealane.runs`, told with a server's memory over the durable journal."""

from __future__ import annotations

from dbos import DBOS

from sealane.runs import story
from sealane.runs.port import Context
from sealane.workflows import queues
from sealane.workflows.context import Tools
from sealane.workflows.steps import images
from sealane.workflows.steps.run_memory import SqlMemory


def register(tools: Tools) -> None:
    """Makes the workflow known to the engine."""

    @DBOS.workflow(name="delivery", max_recovery_attempts=None)
    async def delivery(run_id: str) -> None:
        """Takes a run from its commit to its deployments."""
        tools.gates.queueing.bells[queues.DELIVERIES].ring_at_end()
        context_of_run = Context(
            memory=SqlMemory(tools, run_id),
            runner=tools.runner,
            images=images.maker(tools, run_id),
            at_once=tools.settings.runs.steps_at_once,
            now=tools.now,
        )
        await story.tell(context_of_run, tools.journal())
