"""Totals count each event once, however often it comes, and the tables tell what is queued and who is behind."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from sealane.errors import Refused
from sealane.metric_sinks.port import SinkAdapter, SinkSettings, Telemetry
from sealane.metrics import measure
from sealane.metrics.catalog import DEFINITIONS
from sealane.metrics.model import Distribution, Family
from sealane.outbox.model import DomainEvent, Kind
from sealane.outbox.subscriptions import Subscription
from sealane.records.drift import DriftSeen
from sealane.records.waits import Waits
from sealane.store.all_stores import Store
from sealane.verdicts.health import HealthState
from sealane.verdicts.model import VerdictKind
from sealane.workflows import subscriber_loop
from sealane.workflows.measurements import SinkSubscriber, TotalsSubscriber

from .samples import NOON, push
from .test_deployments import ended, offered
from .test_outbox import say


def ended_event(number: int, verdict: str = "deployed", seconds: float = 30.0, app: str = "shop") -> DomainEvent:
    data = {"environment": "prod", "verdict": verdict, "seconds": seconds}
    given: dict[str, Any] = {"app": app, "formation": "eu", "deployment": f"d-{number}"}
    return DomainEvent(id=number, kind=Kind.DEPLOYMENT_ENDED, at=NOON, data=data, **given)


async def family(store: Store, name: str) -> Family:
    return {total.name: total for total in await store.metric_totals.all()}[DEFINITIONS[name].family]


async def test_an_event_that_comes_again_is_counted_once(store: Store) -> None:
    totals = TotalsSubscriber(store.metric_totals)
    for event in (
        ended_event(1),
        ended_event(2, "failed"),
        ended_event(1),
        ended_event(3, seconds=7.0),
        ended_event(3),
    ):
        await totals.act(event)
    counts = {sample.labels["status"]: sample for sample in (await family(store, "release.count")).samples}
    assert {status: sample.value for status, sample in counts.items()} == {"deployed": 2, "failed": 1}
    assert counts["deployed"].exemplar
    assert counts["deployed"].exemplar.labels == {"deployment": "d-3", "trace_id": measure.trace_id("d-3")}
    (failures,) = (await family(store, "release.failures")).samples
    assert failures.value == 1
    for sample in (await family(store, "release.elapsed_time")).samples:
        assert isinstance(sample.value, Distribution)
        assert (sum(sample.value.counts), sample.value.sum) == (
            (2, 37.0) if "d" in sample.labels["status"][:1] else (1, 30)
        )


async def test_an_app_that_is_removed_is_counted_no_more(store: Store) -> None:
    totals = TotalsSubscriber(store.metric_totals)
    for event in (ended_event(1), ended_event(2, app="other")):
        await totals.act(event)
    await totals.act(DomainEvent(id=3, kind=Kind.APP_REMOVED, at=NOON, app="shop"))
    assert [sample.labels["app"] for sample in (await family(store, "release.count")).samples] == ["other"]


async def test_a_real_deployment_is_counted_with_what_it_was_of(store: Store) -> None:
    subject = await offered(store, 1, 1)
    await ended(store, subject, VerdictKind.ROLLED_BACK)
    subscription = Subscription(
        subscriber=TotalsSubscriber(store.metric_totals), cursors=store.outbox, holder="w-1", now=lambda: NOON
    )
    while await subscription.deliver():
        pass
    (sample,) = (await family(store, "release.count")).samples
    assert sample.labels == {
        "app": "shop",
        "environment": subject.environment,
        "formation": "production",
        "status": "rolled_back",
    }
    (started,) = [event for event in await store.outbox.after(0) if event.kind == Kind.DEPLOYMENT_STARTED]
    assert (started.data["release"], started.data["version"]) == ("rel-1", "20260301120001-abc")
    assert started.data["waited"] >= 0


async def test_the_tables_tell_what_is_queued_and_changed(store: Store) -> None:
    await store.events.receive(push("a"), source="github")
    subject = await offered(store, 1, 1)
    waiting = await offered(store, 2, 2, formation="dev")
    await ended(store, subject, VerdictKind.DEPLOYED)
    seen = DriftSeen(deployment=subject.id, objects=1, fields=2, by=("kubectl-edit",))
    await store.workers.register("one", host="here", at=NOON)
    (watch,) = (await store.watches.claim("one")).fresh
    assert await store.watches.keep_drift(watch, seen, worker="one", at=NOON)
    at = NOON + timedelta(minutes=5)
    facts = await store.platform.facts(["metrics"], at=at)
    assert {state: queue.length for state, queue in facts.runs.items()} == {"queued": 1, "running": 0}
    assert facts.runs["queued"].since == NOON
    assert {state: queue.length for state, queue in facts.deployments.items()} == {
        "waiting": 1,
        "queued": 0,
        "rolling_out": 0,
    }
    assert facts.deployments["waiting"].since == waiting.created
    assert (facts.formations, facts.drifted) == ({subject.environment: 1}, {subject.environment: 1})
    assert set(facts.health) == {(subject.environment, state.value) for state in HealthState}
    newest = await store.outbox.newest()
    assert (facts.newest_event, facts.subscribers["metrics"].events) == (newest, newest)
    assert facts.subscribers["metrics"].since == (await store.outbox.after(0))[0].at
    assert facts.database_bytes > 0


class Told:
    """A subscriber that remembers, and fails as often as it is told to."""

    kinds = frozenset({Kind.INTAKE_FAILED})

    def __init__(self, name: str, fails: int = 0, *, hangs: bool = False) -> None:
        self.name = name
        self.reasons: list[str] = []
        self._fails, self._hangs = fails, hangs

    async def act(self, event: DomainEvent) -> None:
        if self._hangs:
            await asyncio.Event().wait()
        if self._fails:
            self._fails -= 1
            raise ConnectionError("away")
        self.reasons.append(event.data["reason"])


class Alive:
    """What the loop knows of its worker."""

    id, leaving = "w-1", False


async def test_a_subscriber_that_fails_or_hangs_holds_up_no_other(store: Store) -> None:
    """And what it failed with comes again."""
    await say(store, "one", "two")
    away, stuck, well = Told("away", fails=2), Told("stuck", hangs=True), Told("well")
    worker = Alive()
    loop = asyncio.create_task(
        subscriber_loop.run(worker, store.outbox, [stuck, away, well], every=0.01, first_pause=0.01)
    )
    async with asyncio.timeout(120):
        while not well.reasons == away.reasons == ["one", "two"]:  # noqa: ASYNC110 - they tell nobody
            await asyncio.sleep(0.01)
        await say(store, "three")
        while well.reasons[-1] != "three":  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.01)
    assert stuck.reasons == []
    facts = await store.platform.backlogs(["stuck", "well"])
    assert facts["stuck"].events == await store.outbox.newest()
    worker.leaving = True
    await loop


class AtStore:
    """A sink that remembers what it is told, and refuses what it is told to."""

    def __init__(self, refuses: str = "") -> None:
        self.told: list[Telemetry] = []
        self._refuses = refuses

    async def send(self, told: Telemetry) -> None:
        if self._refuses:
            raise Refused(self._refuses)
        self.told.append(told)


def subscriber(store: Store, sink: AtStore, key: str = "far", **how: Any) -> SinkSubscriber:
    adapter = SinkAdapter(settings=SinkSettings, open=lambda _, __: sink, **how)
    return SinkSubscriber(key, adapter, sink, store, now=lambda: NOON + timedelta(hours=2))


async def unsent(store: Store) -> dict[str, float]:
    return {str(sample.labels["reason"]): sample.value for sample in (await family(store, "metrics.unsent")).samples}  # type: ignore[misc]


async def test_what_a_sink_never_takes_is_counted_once_and_left(store: Store) -> None:
    refusing, late = AtStore("no such metric"), AtStore()
    for _ in range(2):
        await subscriber(store, refusing).act(ended_event(1))
        await subscriber(store, late, takes=timedelta(hours=1)).act(ended_event(2))
    assert late.told == []
    assert await unsent(store) == {"refused": 1, "too_old": 1}


async def test_a_sink_of_measurements_gets_no_spans_and_one_of_traces_no_measurements(store: Store) -> None:
    subject = await offered(store, 1, 1)
    await store.deployment_queue.note_waits(subject.id, {Waits.APPROVAL, Waits.WINDOW}, at=NOON)
    await ended(store, subject, VerdictKind.ROLLED_BACK)
    measured, traced = AtStore(), AtStore()
    for sink, key, how in ((measured, "measured", {}), (traced, "traced", {"traces": True})):
        subscription = Subscription(
            subscriber=subscriber(store, sink, key, **how), cursors=store.outbox, holder="w-1", now=lambda: NOON
        )
        while await subscription.deliver():
            pass
    assert {measurement.definition.name for told in measured.told for measurement in told.measurements} >= {
        "release.count",
        "hold.count",
    }
    assert not any(told.spans for told in measured.told)
    names = {span.name for told in traced.told for span in told.spans}
    assert {"approval", "window", "queue", "deployment shop/production"} <= names
    assert not any(told.measurements or told.announcement for told in traced.told)
    assert await unsent(store) == {}
