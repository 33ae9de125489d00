"""Intake: events become runs, each at most once, and runs are queued."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sealane import inputs
from sealane.events.model import Event, RefGone
from sealane.flows.queueing import Queueing
from sealane.store.runs import Receipt
from sealane.store.storing import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    """Takes events."""

    store: Store
    queueing: Queueing

    async def receive(
        self, event: Event, *, source: str = "", requested_by: str | None = None, place: float | None = None
    ) -> Receipt:
        """Stores the event and queues its run; copies start nothing, as `Runs.receive` tells them.

        What a commit tells of itself is a stranger's text, and made to fit first.

        A server that dies in between finds the run when it comes back. Raises NotThere for an unknown app.
        """
        author = inputs.fitted(event.author, most=inputs.LONGEST_LINE) if event.author else event.author
        event = replace(event, author=author, message=inputs.fitted(event.message))
        receipt = await self.store.runs.receive(event, source=source, requested_by=requested_by, place=place)
        if not receipt.duplicate:
            await self.queueing.delivery(receipt.run_id)
            await self.store.runs.mark_queued(receipt.run_id)
        return receipt

    async def forget(self, gone: RefGone, *, source: str) -> None:
        """Takes note that a reference is no more, so that one made anew under its name starts a run again."""
        await self.store.runs.forget(gone, source=source)
