"""Subscribers that measure: what happened is counted, once, for `/metrics`."""

from __future__ import annotations

from sealane.metrics import measure
from sealane.outbox.model import DomainEvent, Kind
from sealane.store.metric_totals import MetricTotals


class TotalsSubscriber:
    """Keeps the totals that `/metrics` shows."""

    name = "metrics"
    kinds = measure.MEASURED | {Kind.APP_REMOVED}

    def __init__(self, totals: MetricTotals) -> None:
        self._totals = totals

    async def act(self, event: DomainEvent) -> None:
        """Adds what the event gives; what it has added already stays as it is."""
        if event.kind == Kind.APP_REMOVED:
            await self._totals.forget(event.app or "")
        else:
            await self._totals.add(event.id, measure.measurements(event))
