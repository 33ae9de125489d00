"""The end of an old colour: some time after the switch it is deleted, unless another deployment came in between.

It is queued to begin then, in the formation's own partition: it never runs beside a deployment, and holds none up while
it waits.
"""

from __future__ import annotations

import logging

from dbos import DBOS

from sealane.journal import Broken
from sealane.workflows import context, durable
from sealane.workflows.durable import step
from sealane.workflows.steps import old_color

_log = logging.getLogger(__name__)


@DBOS.workflow(name="retirement", max_recovery_attempts=None)
async def retirement(deployment_id: str) -> None:
    """Deletes what served before the deployment. What can't be deleted is left to the next deployment."""
    try:
        if not await step("look", old_color.is_last, deployment_id):
            return
        bench = context.current()
        subject = await bench.store.deployments.get(deployment_id)
        fence = await durable.insisting("take", bench.fencing.take, subject.app, subject.formation)
        await step("retire", old_color.retire, deployment_id, fence)
    except Broken as error:
        _log.warning("what served before %s stays until the next deployment: %s", deployment_id, error)
