"""One worker watches what others deploy, another takes over, and what the files no longer name is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sealane import clock
from sealane.environments.model import ObservedPlace
from sealane.records.scopes import Scope
from sealane.store.all_stores import Store
from sealane.store.watches import SILENT
from sealane.verdicts.health import FormationHealth, HealthState

NOW = clock.now().replace(microsecond=0)
HERE = ObservedPlace(
    environment="live", app="billing", formation="live", destination="here", namespace="pay", owner="finance"
)
THERE = replace(HERE, formation="eu", namespace="pay-eu")
WELL = FormationHealth(state=HealthState.HEALTHY, since=NOW)


async def test_one_worker_watches_and_another_takes_over(store: Store) -> None:
    for worker in ("one", "two"):
        await store.workers.register(worker, host="here", at=NOW)
    places, other = [HERE, THERE], store.observed
    assert await other.claim("one", places) == {HERE: None, THERE: None}
    assert await other.claim("two", places) == {}
    assert await other.keep(HERE, worker="one", version="v1", health=WELL)
    assert not await other.keep(HERE, worker="two", version="v2", health=WELL)
    rows = await other.all(NOW)
    assert [(row.formation, row.version, row.health) for row in rows] == [("eu", "", None), ("live", "v1", WELL)]

    await store.workers.declare_dead("one", beats=None, by="two", at=NOW)
    assert await other.claim("two", places) == {HERE: WELL, THERE: None}
    assert not await other.keep(HERE, worker="one", version="v3", health=WELL)


async def test_what_nobody_watches_any_more_is_not_known(store: Store) -> None:
    await store.workers.register("one", host="here", at=NOW)
    await store.observed.claim("one", [HERE])
    await store.observed.keep(HERE, worker="one", version="v1", health=WELL)
    (row,) = await store.observed.all(NOW + SILENT + timedelta(seconds=1))
    assert row.health is not None
    assert (row.health.state, row.version) == (HealthState.UNKNOWN, "v1")


async def test_what_the_files_no_longer_name_is_forgotten_and_what_moved_is_looked_at_anew(store: Store) -> None:
    await store.workers.register("one", host="here", at=NOW)
    await store.observed.claim("one", [HERE, THERE])
    await store.observed.keep(HERE, worker="one", version="v1", health=WELL)
    moved = replace(HERE, namespace="elsewhere")
    assert await store.observed.claim("one", [moved]) == {moved: None}
    (row,) = await store.observed.all(NOW)
    assert (row.namespace, row.version, row.health) == ("elsewhere", "", None)


async def test_whoever_sees_other_apps_only_sees_nothing_of_it(store: Store) -> None:
    await store.workers.register("one", host="here", at=NOW)
    await store.observed.claim("one", [HERE])
    assert await store.observed.all(NOW, Scope(everything=False, apps=frozenset({"shop"}))) == ()
    assert len(await store.observed.all(NOW, Scope(everything=False, apps=frozenset({"billing"})))) == 1
