"""Queues of workflows: filled from any process, whether it carries workflows or not. Key: the workflow's id, queued once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Self

from dbos import DBOS, DBOSClient
from dbos._serialization import DBOSPortableJSON  # plain JSON in the database, not pickle

from sealane.errors import Unavailable
from sealane.workflows.queue_poll import Wakeup

if TYPE_CHECKING:
    from dbos import EnqueueOptions, WorkflowStatus

NAME = "sealane"
VERSION = "3"
"""Set by hand, not a hash of the source. Raise it when steps of a workflow change their places; `upgrade` settles what
was under way."""

DELIVERIES = "deliveries"
DEPLOYMENTS = "deployments"

SERIALIZER = DBOSPortableJSON

_FORGOTTEN_AT_ONCE = 200
_IDLE = 1.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Queues:
    """Puts workflows into their queues, and rings their bells."""

    client: DBOSClient
    bells: Mapping[str, Wakeup]
    """One for each queue."""

    @classmethod
    async def open(cls, url: str, *, poll: float, runs_at_once: int) -> Self:
        """Connects, creates the engine's missing tables and queues, and sets the queues' limits.

        `poll` is the seconds between two looks into a queue without a ring, `runs_at_once` the runs of one worker.
        Raises Unavailable.
        """
        try:
            await asyncio.to_thread(DBOS.migrate, url)
            client = await asyncio.to_thread(_client, url)
            await client.register_queue_async(DELIVERIES, worker_concurrency=runs_at_once, polling_interval_sec=poll)
            await client.register_queue_async(DEPLOYMENTS, partition_concurrency=1, polling_interval_sec=poll)
            # On SQLite there is no other process: each workflow rings here when it is queued and when it has ended, and
            # looks between only find delayed ones.
            idle = max(poll, _IDLE) if url.startswith("sqlite") else poll
            return cls(client, {name: Wakeup(idle=idle) for name in (DELIVERIES, DEPLOYMENTS)})
        except Exception as error:  # the engine wraps drivers' errors in its own and in bare ones
            raise Unavailable(f"the workflow engine's database does not answer: {error}") from error

    async def delivery(self, run_id: str) -> None:
        """Queues the delivery of a run. Key: the run's id."""
        await self._enqueue({"workflow_name": "delivery", "queue_name": DELIVERIES, "workflow_id": run_id}, run_id)

    async def deployment(self, deployment_id: str, formation: str, attempt: str) -> None:
        """Queues a deployment; each formation has one at a time. Key: its id and `attempt`, new at each opening."""
        options: EnqueueOptions = {
            "workflow_name": "deployment",
            "queue_name": DEPLOYMENTS,
            "workflow_id": f"{deployment_id}:{attempt}",
            "queue_partition_key": formation,
        }
        await self._enqueue(options, deployment_id)

    async def retirement(self, deployment_id: str, formation: str, *, after: float) -> None:
        """Queues the deletion of a deployment's predecessor, to begin after so many seconds.

        Key: the deployment, and the version, so that an upgrade queues it anew before it forgets the older one.
        """
        options: EnqueueOptions = {
            "workflow_name": "retirement",
            "queue_name": DEPLOYMENTS,
            "workflow_id": f"{deployment_id}:retirement:{VERSION}",
            "queue_partition_key": formation,
            "delay_seconds": after,
        }
        await self._enqueue(options, deployment_id)

    async def ended_badly(self, workflows: Sequence[str]) -> tuple[str, ...]:
        """Those of the workflows that ended by an error, so that they report no result."""
        if not workflows:
            return ()
        workflow_statuses = await self.client.list_workflows_async(
            workflow_ids=list(workflows),
            status=["ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
            load_input=False,
            load_output=False,
        )
        return tuple(workflow.workflow_id for workflow in workflow_statuses)

    async def of_other_versions(self) -> tuple[WorkflowStatus, ...]:
        """Workflows that have not ended and were queued by other versions of Sealane."""
        workflows = await self.client.list_workflows_async(
            status=["PENDING", "ENQUEUED", "DELAYED"], load_input=False, load_output=False
        )
        return tuple(workflow for workflow in workflows if workflow.app_version != VERSION)

    async def forget(self, before: datetime) -> int:
        """Removes a few workflows that ended before that time, with their steps' records; gives their number."""
        ended = await self.client.list_workflows_async(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=before.isoformat(),
            limit=_FORGOTTEN_AT_ONCE,
            load_input=False,
            load_output=False,
        )
        if ended:
            await self.client.delete_workflows_async([workflow.workflow_id for workflow in ended])
        return len(ended)

    async def forget_one(self, workflow_id: str) -> None:
        """Removes a workflow, with the records of its steps, so that its id can be queued again."""
        await self.client.delete_workflows_async([workflow_id])

    async def check(self) -> None:
        """Checks that the engine's database answers. Raises Unavailable."""
        try:
            await self.client.list_workflows_async(limit=1, load_input=False, load_output=False)
        except Exception as error:
            raise Unavailable(f"the workflow engine's database does not answer: {error}") from error

    async def close(self) -> None:
        """Ends the connections."""
        await asyncio.to_thread(self.client.destroy)

    async def _enqueue(self, options: EnqueueOptions, argument: str) -> None:
        try:
            await self.client.enqueue_async({**options, "app_version": VERSION}, argument)
        except Exception as error:
            raise Unavailable(f"the workflow engine's database does not answer: {error}") from error
        self.bells[options["queue_name"]].ring()


def _client(url: str) -> DBOSClient:
    return DBOSClient(system_database_url=url, serializer=SERIALIZER, application_name=NAME)
