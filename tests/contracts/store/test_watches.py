"""One worker watches a formation, another takes over, and each change of how it fares is said once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from sealane import clock
from sealane.deployments.last_lines import LastLines
from sealane.destinations.model import ObjectRef
from sealane.errors import Fenced
from sealane.records.drift import DriftedField, DriftSeen
from sealane.store import conclusion
from sealane.store.all_stores import Store
from sealane.store.watches import Watch
from sealane.verdicts import health
from sealane.verdicts.health import FormationHealth, HealthState
from sealane.verdicts.model import FactKind, Verdict, VerdictKind

from .samples import deployment, revision

NOW = clock.now().replace(microsecond=0)
WELL = FormationHealth(state=HealthState.HEALTHY, since=NOW)
FELL = FormationHealth(
    state=HealthState.DEGRADED,
    since=NOW,
    cause="Container app of pod web-1 ended twice with exit code 3.",
    object="Pod/web-1",
    workload="Deployment/web",
    container="app",
    reason=FactKind.ENDED,
    bad_since=NOW,
)
HERE: dict[str, Any] = {"worker": "one", "at": NOW}


@pytest.fixture(autouse=True)
async def two_workers(store: Store) -> None:
    """Workers `one` and `two`."""
    for worker in ("one", "two"):
        await store.workers.register(worker, host="here", at=clock.now())


async def begun(store: Store, number: int, formation: str = "production") -> str:
    """A deployment that has begun, by its id."""
    brought = revision(f"v{number}", formation)
    offered = await store.deployments.offer(deployment(number, number, formation=formation), brought)
    await store.deployment_queue.open(offered.id, revision_id=offered.revision_id, at=NOW)
    return (await store.deployment_queue.begin(offered.id, at=NOW)).id


async def ended(store: Store, deployment_id: str, at: datetime = NOW) -> str:
    """It went well."""
    await conclusion.conclude(
        store.database, deployment_id, Verdict(kind=VerdictKind.DEPLOYED, reason="all is ready", at=at)
    )
    return deployment_id


async def claimed(store: Store, worker: str) -> tuple[Watch, ...]:
    """All that the worker watches."""
    return (await store.watches.claim(worker)).fresh


async def said(store: Store) -> list[tuple[str, dict[str, Any]]]:
    events = await store.outbox.after(0)
    return [(event.kind, dict(event.data)) for event in events if event.kind.startswith("health.")]


async def test_of_several_workers_one_watches_until_it_is_dead(store: Store) -> None:
    """Nothing is watched before something is there."""
    going = await begun(store, 1)
    assert await claimed(store, "one") == ()
    first = await ended(store, going)
    claims = await asyncio.gather(*(claimed(store, worker) for worker in ("one", "two", "one", "two")))
    holder = "one" if claims[0] else "two"
    other = "two" if claims[0] else "one"
    assert [bool(claim) for claim in claims] == [holder == worker for worker in ("one", "two", "one", "two")]
    (watch,) = await claimed(store, holder)
    assert watch == Watch(app="shop", formation="production", deployment=first)
    assert await store.watches.keep(watch, WELL, worker=holder, at=NOW)
    assert not await store.watches.keep(watch, FELL, worker=other, at=NOW)

    await store.workers.declare_dead(holder, beats=None, by=other, at=NOW)
    assert await claimed(store, other) == (replace(watch, health=WELL),)
    assert not await store.watches.keep(watch, FELL, worker=holder, at=NOW)
    assert await claimed(store, holder) == ()


async def test_workers_share_what_is_watched(store: Store) -> None:
    """One that comes later takes its part from who has most, and then nothing moves any more."""
    for number in range(1, 6):
        await ended(store, await begun(store, number, f"f{number}"))
    everything = {watch.formation: watch for watch in await claimed(store, "one")}
    assert len(everything) == 5
    theirs = await claimed(store, "two")
    assert len(theirs) == 2
    ours = await claimed(store, "one")
    assert {watch.formation for watch in (*ours, *theirs)} == everything.keys()
    assert len(ours) == 3
    moved = theirs[0]
    assert not await store.watches.keep(moved, FELL, worker="one", at=NOW)
    assert await store.watches.keep(moved, WELL, worker="two", at=NOW)
    assert (len(await claimed(store, "two")), await claimed(store, "one")) == (2, ours)

    await store.workers.declare_dead("one", beats=None, by="two", at=NOW)
    assert len(await claimed(store, "two")) == 5


async def test_what_is_watched_already_is_not_read_again(store: Store) -> None:
    """It is among the keys as long as it is the worker's; what came to be there meanwhile is told whole."""
    first = await ended(store, await begun(store, 1, "f1"))
    before = await store.watches.claim("one")
    assert before.keys == {("shop", "f1", first)}
    second = await ended(store, await begun(store, 2, "f2"))
    after = await store.watches.claim("one", before.keys)
    assert after.keys == {*before.keys, ("shop", "f2", second)}
    assert [watch.formation for watch in after.fresh] == ["f2"]
    assert (await store.watches.claim("one", after.keys)).fresh == ()


async def test_what_was_seen_last_is_kept_while_nobody_can_look(store: Store) -> None:
    await ended(store, await begun(store, 1))
    (watch,) = await claimed(store, "one")
    away = health.unknown(NOW, FELL)
    assert await store.watches.keep(watch, away, **HERE)
    await store.workers.declare_dead("one", beats=None, by="two", at=NOW)
    (taken,) = await claimed(store, "two")
    assert taken.health == away
    assert away.last == FELL


async def test_while_a_deployment_goes_on_nothing_is_said_of_what_was_there(store: Store) -> None:
    """Then it is begun anew; trouble from before lasts until what is there now is well."""
    await ended(store, await begun(store, 1))
    (watch,) = await claimed(store, "one")
    assert await store.watches.keep(watch, FELL, **HERE)
    going = await begun(store, 2)
    assert await claimed(store, "one") == ()
    assert not await store.watches.keep(watch, WELL, **HERE)
    (row,) = await store.views.overview()
    assert row.health is None

    second = await ended(store, going)
    assert not await store.watches.keep(watch, WELL, **HERE)
    (anew,) = await claimed(store, "one")
    assert anew.deployment == second
    assert (anew.health.state, anew.health.bad_since) == (HealthState.UNKNOWN, NOW)  # type: ignore[union-attr]
    assert await store.watches.keep(anew, WELL, **HERE)
    assert [kind for kind, _ in await said(store)] == ["health.degraded", "health.recovered"]
    await store.workers.beat("one", at=clock.now())
    (row,) = await store.views.overview()
    assert row.health == WELL


async def test_the_last_lines_go_with_the_trouble_and_nowhere_else(store: Store) -> None:
    await ended(store, await begun(store, 1))
    (watch,) = await claimed(store, "one")
    log = LastLines(object="Pod/web-1", container="app", lines=("starting", "out of luck"))
    for told in (WELL, FELL, replace(FELL, object="Pod/web-2"), WELL):
        assert await store.watches.keep(watch, told, log=log, **HERE)
    assert [data.get("log") for _, data in await said(store)] == [
        None,
        {"object": "Pod/web-1", "container": "app", "lines": ["starting", "out of luck"]},
        None,
        None,
    ]


async def test_what_changed_is_said_and_how_often_is_not(store: Store) -> None:
    await ended(store, await begun(store, 1))
    (watch,) = await claimed(store, "one")
    again = replace(FELL, cause="Container app of pod web-1 ended 3 times with exit code 3.")
    later = NOW + timedelta(seconds=90)
    for told in (WELL, WELL, FELL, again, replace(again, state=HealthState.UNKNOWN, reason=None)):
        assert await store.watches.keep(watch, told, **HERE)
    assert await store.watches.keep(watch, replace(WELL, since=later), worker="one", at=later)
    events = await said(store)
    assert [(kind, data["state"]) for kind, data in events] == [
        ("health.changed", "healthy"),
        ("health.degraded", "degraded"),
        ("health.changed", "unknown"),
        ("health.recovered", "healthy"),
    ]
    assert events[1][1] == {
        "state": "degraded",
        "before": "healthy",
        "since": NOW.isoformat(),
        "cause": "Container app of pod web-1 ended twice with exit code 3.",
        "object": "Pod/web-1",
        "workload": "Deployment/web",
        "container": "app",
        "reason": "ended",
        "bad_since": NOW.isoformat(),
    }
    assert (events[3][1]["bad_since"], events[3][1]["seconds"]) == (NOW.isoformat(), 90.0)


async def test_what_no_living_worker_sees_is_no_longer_green(store: Store) -> None:
    await ended(store, await begun(store, 1))
    (watch,) = await claimed(store, "one")
    assert await store.watches.keep(watch, WELL, **HERE)
    silent = NOW - timedelta(minutes=5)
    await store.workers.beat("one", at=silent)
    (row,) = await store.views.overview()
    assert row.health is not None
    assert (row.health.state, row.health.since) == (HealthState.UNKNOWN, silent)
    assert row.health.cause == f"No worker has watched it since {silent:%Y-%m-%d %H:%M:%S} UTC. It was healthy then."
    assert (await store.views.why("shop/production")).health == row.health


DRIFTED = DriftSeen(
    deployment="",
    objects=1,
    fields=2,
    by=("kubectl-edit", "oc"),
    first=(DriftedField(object="Deployment/web", path="spec.replicas", by="kubectl-edit", at=NOW),),
)


async def drift_events(store: Store) -> list[tuple[str, dict[str, Any]]]:
    events = await store.outbox.after(0)
    return [(event.kind, dict(event.data)) for event in events if event.kind.startswith("drift.")]


async def test_drift_is_told_when_it_comes_grows_and_goes(store: Store) -> None:
    """Since when it is there lasts while it does; a deployment leaves none."""
    there = await ended(store, await begun(store, 1))
    (watch,) = await claimed(store, "one")
    clean = DriftSeen(deployment=there, objects=0, fields=0, by=())
    seen = replace(DRIFTED, deployment=there)
    more = replace(seen, fields=3)
    later = NOW + timedelta(seconds=5)
    for drift in (clean, seen, seen):
        assert await store.watches.keep_drift(watch, drift, **HERE)
    assert await store.watches.keep_drift(watch, more, worker="one", at=later)
    assert not await store.watches.keep_drift(watch, clean, worker="two", at=later)
    (row,) = await store.views.overview()
    assert row.drift == replace(more, since=NOW)
    assert row.drift.words == "drift: 3 fields by kubectl-edit, oc"
    assert replace(row.drift, fields=0, by=()).words == "drift: 1 object"
    assert clean.words == ""
    assert await store.watches.keep_drift(watch, clean, worker="one", at=later)
    events = await drift_events(store)
    assert [kind for kind, _ in events] == ["drift.found", "drift.found", "drift.gone"]
    assert events[0][1] == {
        "objects": 1,
        "fields": 2,
        "by": ["kubectl-edit", "oc"],
        "since": events[0][1]["since"],
        "first": [
            {"object": "Deployment/web", "path": "spec.replicas", "by": "kubectl-edit", "at": events[0][1]["since"]}
        ],
    }

    assert await store.watches.keep_drift(watch, seen, worker="one", at=later)
    await ended(store, await begun(store, 2))
    (anew,) = await claimed(store, "one")
    assert anew.drift is None
    assert await store.watches.keep(anew, WELL, **HERE)
    (row,) = await store.views.overview()
    assert row.drift is None


async def test_drift_is_put_right_only_while_nothing_is_on_its_way(store: Store) -> None:
    """A deployment that begins takes the formation away; whoever fixes then writes nothing any more."""
    there = await ended(store, await begun(store, 1))
    (watch,) = await claimed(store, "one")
    epoch = await store.workers.take_idle("shop", "production", deployment=there, worker="one")
    assert epoch is not None
    ref = ObjectRef(group="", version="v1", kind="ConfigMap", namespace="shop", name="web", uid="u2")
    await store.watches.fixed(watch, replace(DRIFTED, deployment=there), (ref,), **HERE)
    assert (await store.formations.get("shop", "production")).inventory == (ref,)

    going = await begun(store, 2)
    assert await store.workers.take_idle("shop", "production", deployment=there, worker="one") is None
    await store.workers.take("shop", "production", worker="two")
    with pytest.raises(Fenced):
        await store.workers.check("shop", "production", epoch=epoch, worker="one")
    await store.watches.fixed(watch, replace(DRIFTED, deployment=there), (), **HERE)
    assert (await store.formations.get("shop", "production")).inventory == (ref,)
    await ended(store, going)
    assert await store.workers.take_idle("shop", "production", deployment=there, worker="one") is None
    assert [kind for kind, _ in await drift_events(store)] == ["drift.fixed"]
