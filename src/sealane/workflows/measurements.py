"""Measurements: each event is counted once for `/metrics`, and sent to each metric sink."""

from __future__ import annotations

import logging
from collections.abc import Collection

from sealane import clock
from sealane.errors import NotThere, Refused
from sealane.metric_sinks.port import Sink, SinkAdapter, Telemetry
from sealane.metrics import catalog, measure
from sealane.metrics.model import Measurement, Span
from sealane.outbox.model import DomainEvent, Kind
from sealane.store.all_stores import Store
from sealane.store.metric_totals import MetricTotals
from sealane.traces import deployments, runs

_log = logging.getLogger(__name__)
TRACED = frozenset({Kind.RUN_ENDED, Kind.DEPLOYMENT_STARTED, Kind.DEPLOYMENT_ENDED})


class TotalsSubscriber:
    """Keeps the totals that `/metrics` shows."""

    name = "metrics"
    kinds = measure.MEASURED | {Kind.APP_REMOVED}

    def __init__(self, totals: MetricTotals) -> None:
        self._totals = totals

    async def act(self, event: DomainEvent) -> None:
        """Adds the event's measurements; a repeated event adds nothing."""
        if event.kind == Kind.APP_REMOVED:
            await self._totals.forget(event.app or "")
        else:
            await self._totals.add(event.id, measure.measurements(event))


class SinkSubscriber:
    """Sends to one metric sink. While that is unavailable, only its own events wait."""

    def __init__(
        self, key: str, adapter: SinkAdapter, sink: Sink, store: Store, *, now: clock.Clock = clock.now
    ) -> None:
        self._key = key
        self._adapter = adapter
        self._sink = sink
        self._store = store
        self._now = now

    @property
    def name(self) -> str:
        """Its cursor's name."""
        return f"metrics.{self._key}"

    @property
    def kinds(self) -> Collection[str]:
        """The kinds of events that give spans, measurements or announcements."""
        return TRACED if self._adapter.traces else measure.MEASURED | measure.ANNOUNCED

    async def act(self, event: DomainEvent) -> None:
        """Sends the event. A refused or too old one is counted and dropped. Raises Unavailable."""
        takes = self._adapter.takes
        if takes is not None and self._now() - event.at > takes:
            await self._unsent(event, "too_old")
            return
        try:
            await self._sink.send(await self._telemetry(event))
        except Refused as error:
            _log.warning("%s does not take event %d: %s", self._key, event.id, error.message)
            await self._unsent(event, "refused")

    async def _telemetry(self, event: DomainEvent) -> Telemetry:
        if self._adapter.traces:
            return Telemetry(event=event.id, spans=await self._spans(event))
        return Telemetry(
            event=event.id, measurements=measure.measurements(event), announcement=measure.announcement(event)
        )

    async def _spans(self, event: DomainEvent) -> tuple[Span, ...]:
        """The event's spans; empty if its run or deployment was removed since."""
        try:
            if event.kind == Kind.RUN_ENDED and event.run:
                return runs.spans(await self._store.runs.get(event.run), await self._store.runs.steps(event.run))
            if event.deployment:
                deployment = await self._store.deployments.get(event.deployment)
                if event.kind == Kind.DEPLOYMENT_STARTED:
                    return deployments.before(deployment, checks=float(event.data.get("checks", 0)))
                lines = await self._store.deployments.timeline(event.deployment)
                return deployments.spans(deployment, lines, version=event.data.get("version"))
        except NotThere:
            pass
        return ()

    async def _unsent(self, event: DomainEvent, reason: str) -> None:
        labels = {"reason": reason, "sink": self._key}
        unsent = Measurement(definition=catalog.METRICS_UNSENT, value=1, at=event.at, labels=labels)
        await self._store.metric_totals.add(event.id, [unsent])
