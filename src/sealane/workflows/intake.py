"""Intake: events become runs, each at most once, and runs are queued."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sealane import inputs
from sealane.events.model import Event, RefGone
from sealane.records.runs import Receipt, Run
from sealane.store.all_stores import Store
from sealane.workflows.run_slots import RunSlots


@dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    """Takes events."""

    store: Store
    slots: RunSlots
    per_push: int
    """The most runs that one push starts."""

    async def receive(
        self,
        event: Event,
        *,
        source: str = "",
        requested_by: str | None = None,
        message: str | None = None,
        again: Run | None = None,
    ) -> Receipt:
        """Stores the event and its run, which begins once it has a slot; a repeat starts nothing (`Runs.receive`).

        A commit's texts come from strangers, so they are cut to fit. The receipt says what a push brought too much of.

        A server that dies in between finds the run when it restarts. Raises NotThere for an unknown app.
        """
        author = inputs.fitted(event.author, most=inputs.LONGEST_LINE) if event.author else event.author
        event = replace(event, author=author, message=inputs.fitted(event.message))
        receipt = await self.store.events.receive(
            event,
            source=source,
            requested_by=requested_by,
            per_push=self.per_push,
            message=message,
            again=again,
        )
        if not receipt.duplicate:
            await self.slots.look()
        return receipt

    async def forget(self, gone: RefGone, *, source: str, message: str | None = None) -> None:
        """Notes that a reference was deleted, so that a new one of its name starts a run again."""
        await self.store.events.forget(gone, source=source, message=message)
