"""Intake: events become runs, each at most once, and runs are queued."""

from __future__ import annotations

from dataclasses import dataclass

from sealane.events.model import Event
from sealane.flows.queueing import Queueing
from sealane.store.runs import Receipt
from sealane.store.storing import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    """Takes events."""

    store: Store
    queueing: Queueing

    async def receive(self, event: Event, *, source: str = "", requested_by: str | None = None) -> Receipt:
        """Stores the event and queues its run. Key: (source, delivery), and what was pushed where; copies start nothing.

        A server that dies in between finds the run when it comes back. Raises NotThere for an unknown app.
        """
        receipt = await self.store.runs.receive(event, source=source, requested_by=requested_by)
        if not receipt.duplicate:
            await self.queueing.delivery(receipt.run_id)
            await self.store.runs.mark_queued(receipt.run_id)
        return receipt
