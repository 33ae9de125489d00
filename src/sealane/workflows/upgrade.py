"""Settles work that an earlier version left under way, since its steps have other places than this version's.

Work that had not begun is queued anew. Work that had begun is ended and says so; a person can ask for it again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection

from dbos import WorkflowStatus

from sealane.pipelines.model import StepStatus
from sealane.runs.model import StepEnd
from sealane.store import conclusion
from sealane.verdicts import outcomes
from sealane.workflows.context import Tools
from sealane.workflows.steps.run_memory import SqlMemory

_log = logging.getLogger(__name__)

RUN_ENDED = "Sealane was upgraded while it ran, and can't take it up again; run the commit again"
DEPLOYMENT_ENDED = (
    "Sealane was upgraded while it rolled out, and can't take it up again; deploy or roll back to settle it"
)


async def settle(tools: Tools, alive: Collection[str]) -> None:
    """Settles all that earlier versions left, except for work of their living workers. May be repeated."""
    queueing = tools.gates.queueing
    for workflow in await queueing.of_other_versions():
        begun = workflow.status == "PENDING"
        if begun and workflow.executor_id in alive:
            continue
        if not begun or workflow.name == "retirement":  # it only looks, until it deletes what is there
            await _queue_anew(tools, workflow)
        else:
            await _end(tools, workflow)
            await queueing.client.cancel_workflow_async(workflow.workflow_id)


async def _queue_anew(tools: Tools, old: WorkflowStatus) -> None:
    """The same id can't be queued twice, so the old one goes first; after a crash in between, the sweep queues it.

    No sweep knows of retirements, so the new one, whose id contains the version, is queued before the old one goes.
    """
    queueing, store = tools.gates.queueing, tools.store
    subject, _, attempt = old.workflow_id.partition(":")
    formation = old.queue_partition_key or ""
    if old.name == "delivery":
        await store.run_queue.mark_queued(subject, queued=False)
        await queueing.forget_one(old.workflow_id)
        await queueing.delivery(subject)
        await store.run_queue.mark_queued(subject)
    elif old.name == "deployment":
        await store.deployment_queue.mark_queued(subject, queued=False)
        await queueing.forget_one(old.workflow_id)
        await queueing.deployment(subject, formation, attempt)
        await store.deployment_queue.mark_queued(subject)
    else:
        due = (old.delay_until_epoch_ms or 0) / 1000
        await queueing.retirement(subject, formation, after=max(0.0, due - time.time()))
        await queueing.forget_one(old.workflow_id)


async def _end(tools: Tools, old: WorkflowStatus) -> None:
    subject = old.workflow_id.partition(":")[0]
    _log.warning("%s %s was under way when Sealane was upgraded, and is ended", old.name, subject)
    if old.name == "delivery":
        left = [step for step in await tools.store.runs.steps(subject) if step.ended is None]
        ends = {step.key: StepEnd(status=_became(step.status), reason=RUN_ENDED, ended=tools.now()) for step in left}
        await SqlMemory(tools, subject).finish(ends, RUN_ENDED)
    else:
        verdict = outcomes.broken(DEPLOYMENT_ENDED, at=tools.now())
        remarks = conclusion.DeploymentNotes()
        ended = await conclusion.conclude(
            tools.store.database, subject, verdict, inventory=None, startup=None, remarks=remarks
        )
        await tools.gates.look(ended.app)


def _became(status: StepStatus) -> StepStatus:
    return StepStatus.BROKEN if status is StepStatus.RUNNING else StepStatus.SKIPPED
