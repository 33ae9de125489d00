"""One worker watches what others deploy, another takes over, and what the files no longer name is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sealane import clock
from sealane.configfiles.fields import File
from sealane.environments.model import ObservedPlace
from sealane.environments.notice_files import NoticeConfig, TargetConfig
from sealane.findings import Place
from sealane.outbox.model import Kind
from sealane.outbox.notice_kinds import NoticeKind
from sealane.pipelines.notices import NoticeRule
from sealane.records.scopes import Scope
from sealane.store.all_stores import Store
from sealane.store.watches import SILENT
from sealane.verdicts.health import FormationHealth, HealthState
from sealane.workflows.notice_watch import Teller

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
    assert await other.keep(HERE, worker="one", version="v1", health=WELL, at=NOW)
    assert not await other.keep(HERE, worker="two", version="v2", health=WELL, at=NOW)
    rows = await other.all(NOW)
    assert [(row.formation, row.version, row.health) for row in rows] == [("eu", "", None), ("live", "v1", WELL)]

    await store.workers.declare_dead("one", beats=None, by="two", at=NOW)
    assert await other.claim("two", places) == {HERE: WELL, THERE: None}
    assert not await other.keep(HERE, worker="one", version="v3", health=WELL, at=NOW)


async def test_what_nobody_watches_any_more_is_not_known(store: Store) -> None:
    await store.workers.register("one", host="here", at=NOW)
    await store.observed.claim("one", [HERE])
    await store.observed.keep(HERE, worker="one", version="v1", health=WELL, at=NOW)
    (row,) = await store.observed.all(NOW + SILENT + timedelta(seconds=1))
    assert row.health is not None
    assert (row.health.state, row.version) == (HealthState.UNKNOWN, "v1")


async def test_what_the_files_no_longer_name_is_forgotten_and_what_moved_is_looked_at_anew(store: Store) -> None:
    await store.workers.register("one", host="here", at=NOW)
    await store.observed.claim("one", [HERE, THERE])
    await store.observed.keep(HERE, worker="one", version="v1", health=WELL, at=NOW)
    moved = replace(HERE, namespace="elsewhere")
    assert await store.observed.claim("one", [moved]) == {moved: None}
    (row,) = await store.observed.all(NOW)
    assert (row.namespace, row.version, row.health) == ("elsewhere", "", None)


async def test_whoever_sees_other_apps_only_sees_nothing_of_it(store: Store) -> None:
    await store.workers.register("one", host="here", at=NOW)
    await store.observed.claim("one", [HERE])
    assert await store.observed.all(NOW, Scope(everything=False, apps=frozenset({"shop"}))) == ()
    assert len(await store.observed.all(NOW, Scope(everything=False, apps=frozenset({"billing"})))) == 1


async def test_its_trouble_is_told_once_as_what_others_deploy(store: Store) -> None:
    """Events, readers who may see it, and a notice to whom its owner's rule names; nothing that was never there degrades."""
    await store.workers.register("one", host="here", at=NOW)
    await store.observed.claim("one", [HERE])
    missing = FormationHealth(state=HealthState.MISSING, since=NOW)
    fell = FormationHealth(state=HealthState.DEGRADED, since=NOW, cause="It ends.", bad_since=NOW)
    for number, health in enumerate((missing, missing, WELL, fell, replace(fell, cause="It ends again."), WELL)):
        at = NOW + timedelta(seconds=number)
        assert await store.observed.keep(HERE, worker="one", version="v1", health=health, at=at)

    events = [event for event in await store.outbox.after(0) if event.kind.startswith("health.")]
    kinds = [Kind.HEALTH_CHANGED, Kind.HEALTH_CHANGED, Kind.HEALTH_DEGRADED, Kind.HEALTH_RECOVERED]
    assert [event.kind for event in events] == kinds
    assert (events[2].about, events[2].deployment, events[2].data["observed"]) == ("billing/live", None, True)
    assert events[3].data["seconds"] == 5
    for scope, count in (
        (Scope(apps=frozenset({"billing"})), 4),
        (Scope(places=frozenset({("billing", "live")})), 4),
        (Scope(places=frozenset({("billing", "dev")})), 0),
        (Scope(apps=frozenset({"shop"})), 0),
    ):
        read = await store.views.within(scope).events(0, limit=100)
        assert len([event for event in read if event.kind in kinds]) == count, scope

    rule = NoticeRule(to=("pager",), of=frozenset(NoticeKind), owners=("finance",), environments=("live",))
    place = Place(file="notices.yaml")
    target = TargetConfig(name="pager", kind="webhook", written=File(), place=place)
    teller = Teller(
        store=store, config=lambda: NoticeConfig(targets={"pager": target}, rules=(rule,)), server="https://s"
    )
    for event in events:
        await teller.act(event)
    (due,) = await store.notices.due("one", NOW + timedelta(hours=1))
    now = NOW + timedelta(hours=1)
    taken = await store.notices.take(due.id, "one", now=now, until=now + timedelta(hours=1))
    assert taken is not None
    notice = taken.notice
    assert (notice.thing, notice.owner, notice.environment) == ("health:live:billing/live", "finance", "live")
    assert notice.title == "billing/live, which others deploy: healthy again"
    assert [entry.text for entry in notice.entries] == ["degraded: It ends", "healthy again"]
    assert ("version", "v1") in notice.facts
