"""Retirement of an old colour: some time after the switch it is deleted, unless another deployment came in between.

It is queued to begin then, in the formation's own partition: it never runs beside a deployment, and holds none up while
it waits.
"""

from __future__ import annotations

import logging

from dbos import DBOS

from sealane.journal import Broken
from sealane.workflows import queues
from sealane.workflows.context import Tools
from sealane.workflows.steps import old_color

_log = logging.getLogger(__name__)


def register(tools: Tools) -> None:
    """Makes the workflow known to the engine."""

    @DBOS.workflow(name="retirement", max_recovery_attempts=None)
    async def retirement(deployment_id: str) -> None:
        tools.gates.queueing.bells[queues.DEPLOYMENTS].ring_at_end()
        await _retired(tools, deployment_id)


async def _retired(tools: Tools, deployment_id: str) -> None:
    """Deletes the deployment's predecessor. The next deployment deletes what can't be deleted now."""
    journal = tools.journal()
    try:
        if not await journal.step("look", old_color.is_last, tools, deployment_id):
            return
        subject = await tools.store.deployments.get(deployment_id)
        fence = await journal.insist("take", tools.fencing.take, subject.app, subject.formation)
        await journal.step("retire", old_color.retire, tools, deployment_id, fence)
    except Broken as error:
        _log.warning("what served before %s stays until the next deployment: %s", deployment_id, error)
