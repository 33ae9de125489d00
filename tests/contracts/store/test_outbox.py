"""The outbox: every event once, in the order of what it tells, for whoever follows and for whoever was away."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from sealane.blobs.logs import Logs
from sealane.errors import Conflicting
from sealane.outbox.model import DomainEvent, Kind
from sealane.outbox.subscriptions import Subscription
from sealane.pipelines.model import RunStatus, StepStatus
from sealane.records.deployments import ApprovalRule, Vote
from sealane.records.scopes import Scope
from sealane.store import conclusion, database, event_writes
from sealane.store.all_stores import Store
from sealane.store.deployments import Line
from sealane.verdicts.model import Verdict, VerdictKind

from .samples import NOON, app, push
from .test_deployments import ended, offered

LATER = NOON + timedelta(days=1)
SHOP = Scope(apps=frozenset({"shop"}))


async def say(store: Store, *names: str, at: datetime = NOON, of: str = "shop") -> None:
    """One transaction that says so much."""
    said = [DomainEvent(kind=Kind.INTAKE_FAILED, at=at, app=of, data={"reason": name}) for name in names]
    await store.database.write(lambda c: [event_writes.append(c, event) for event in said])


async def kinds(store: Store, after: int) -> list[str]:
    return [event.kind for event in await store.outbox.after(after)]


async def test_a_run_says_each_thing_that_happens_once(store: Store) -> None:
    begun = await store.outbox.newest()
    run = (await store.events.receive(push("a", delivery="1"), source="github")).run_id
    assert (await store.events.receive(push("a", delivery="1"), source="github")).duplicate
    for _ in range(2):
        await store.runs.begin(run, at=NOON, deploy_tags=["t1", "t2"])
    await store.runs.set_step(run, "step/test", at=NOON, status=StepStatus.PASSED, exit_code=0)
    for status in (RunStatus.PASSED, RunStatus.FAILED):
        await store.runs.end(run, at=NOON, status=status)
    events = await store.outbox.after(begun)
    assert [event.kind for event in events] == ["run.requested", "run.started", "run.step", "run.ended"]
    assert {(event.app, event.run) for event in events} == {("shop", run)}
    assert events[2].data == {"step": "step/test", "status": "passed", "exit_code": 0}
    assert events[3].data["status"] == "passed"


async def test_a_clock_that_goes_back_makes_no_time_negative(store: Store) -> None:
    """Of a run and of a deployment: what began before it was asked for waited for nothing, and what ended so took none."""
    begun = await store.outbox.newest()
    run = (await store.events.receive(push("a"), source="github")).run_id
    earlier = [NOON - timedelta(seconds=seconds) for seconds in (60, 120)]
    await store.runs.begin(run, at=earlier[0], deploy_tags=["t1"])
    await store.runs.end(run, at=earlier[1], status=RunStatus.PASSED)
    subject = await offered(store, 1, 1)
    await store.deployment_queue.open(subject.id, revision_id=subject.revision_id, at=NOON)
    await store.deployment_queue.begin(subject.id, at=earlier[0], since=NOON)
    verdict = Verdict(kind=VerdictKind.DEPLOYED, reason="all is ready", at=earlier[1])
    await conclusion.conclude(store.database, subject.id, verdict)
    events = await store.outbox.after(begun)
    times = {
        (event.kind, name): event.data[name]
        for event in events
        for name in ("waited", "checks", "seconds")
        if event.data.get(name) is not None
    }
    assert {("run.ended", "seconds"), ("deployment.started", "checks"), ("deployment.ended", "seconds")} <= times.keys()
    assert set(times.values()) == {0.0}


async def test_a_deployment_says_who_is_asked_who_answers_and_what_holds_it(store: Store) -> None:
    begun = await store.outbox.newest()
    rules = (ApprovalRule(by=("sre",), count=1, source="approval"),)
    subject = await offered(store, 1, 1, rules=rules, requested_by="ann")
    vote = Vote(
        user="bob", groups=frozenset({"sre"}), approves=True, comment="", revision_id=subject.revision_id, at=NOON
    )
    await store.votes.add(subject, vote)
    await ended(store, subject, VerdictKind.ROLLED_BACK)
    await store.holds.lift("shop", "production", by="ann", reason="mended", at=NOON)
    events = await store.outbox.after(begun)
    assert [(event.kind, event.actor) for event in events] == [
        ("deployment.requested", "ann"),
        ("approval.asked", None),
        ("approval.given", "bob"),
        ("deployment.queued", None),
        ("deployment.started", None),
        ("deployment.stage", None),
        ("deployment.ended", None),
        ("hold.set", None),
        ("hold.lifted", "ann"),
    ]
    assert {(event.formation, event.deployment) for event in events} == {("production", subject.id)}


async def test_what_is_undone_says_nothing(store: Store) -> None:
    begun = await store.outbox.newest()

    def work(connection: sa.Connection) -> None:
        event_writes.append(connection, DomainEvent(kind=Kind.APP_OWNER_SET, at=NOON, app="shop"))
        raise Conflicting("something else was first")

    with pytest.raises(Conflicting):
        await store.database.write(work)
    await say(store, "after")
    assert await kinds(store, begun) == ["intake.failed"]


async def test_a_transaction_that_lands_late_is_not_read_past(store: Store, database_url: str, tmp_path: Path) -> None:
    """It has written its events and not landed yet: what another one writes meanwhile comes after them."""
    begun = await store.outbox.newest()
    wrote, go_on = threading.Event(), threading.Event()

    def linger(_: sa.Connection, __: list[None]) -> None:
        wrote.set()
        assert go_on.wait(60)

    def slow(connection: sa.Connection) -> None:
        event_writes.append(connection, DomainEvent(kind=Kind.INTAKE_FAILED, at=NOON, app="shop"))
        database.before_commit(connection, linger, None)

    elsewhere = await Store.open(database_url, logs=Logs(tmp_path))
    first = asyncio.create_task(store.database.write(slow))
    await asyncio.to_thread(wrote.wait, 60)
    second = asyncio.create_task(say(elsewhere, "second"))
    assert await elsewhere.outbox.after(begun) == ()
    assert not second.done()
    go_on.set()
    await asyncio.gather(first, second)
    assert [event.data for event in await elsewhere.outbox.after(begun)] == [{}, {"reason": "second"}]
    await elsewhere.close()


async def test_whoever_reads_on_from_a_cursor_gets_all_of_many_writers(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    """Each writer's events in its order, and nothing shows up behind the reader's back."""
    elsewhere = await Store.open(database_url, logs=Logs(tmp_path))
    cursor = await store.outbox.newest()
    writers, many = 6, 8

    async def write(writer: int) -> None:
        for number in range(many):
            await say(store if writer % 2 else elsewhere, f"{writer} {number}", f"{writer} {number} too")

    read: list[str] = []
    writing = asyncio.gather(*map(write, range(writers)))
    async with asyncio.timeout(120):
        while len(read) < writers * many * 2:
            for event in await store.outbox.after(cursor, limit=7):
                cursor = event.id
                read.append(event.data["reason"])
    await writing
    for writer in range(writers):
        mine = [reason for reason in read if reason.startswith(f"{writer} ")]
        assert mine == [f"{writer} {number}{more}" for number in range(many) for more in ("", " too")]
    await elsewhere.close()


async def test_followers_hear_of_their_topics_only(store: Store, database_url: str, tmp_path: Path) -> None:
    """At once to begin with, then of what happens, written by another process or their own."""
    elsewhere = await Store.open(database_url, logs=Logs(tmp_path))
    async with asyncio.timeout(60):
        overview, nothing = store.followers.follow({"overview"}), store.followers.follow({"run:r-none"})
        begun = await anext(overview)
        assert await anext(nothing) == begun

        heard, unheard = asyncio.ensure_future(anext(overview)), asyncio.ensure_future(anext(nothing))
        await elsewhere.events.receive(push("a"), source="github")

        assert await heard > begun
        assert not unheard.done()
        unheard.cancel()
        await asyncio.gather(unheard, return_exceptions=True)
        await overview.aclose()
        await nothing.aclose()
    await elsewhere.close()


async def test_who_was_away_hears_at_once_only_of_what_happened_meanwhile(store: Store) -> None:
    async with asyncio.timeout(60):
        begun = await store.outbox.newest()
        run = (await store.events.receive(push("a"), source="github")).run_id
        away = store.followers.follow({f"run:{run}"}, after=begun)
        newest = await anext(away)
        assert newest == await store.outbox.newest()
        await away.aclose()

        up_to_date, other = (
            store.followers.follow({f"run:{run}"}, after=newest),
            store.followers.follow({"run:r-none"}, after=begun),
        )
        heard, unheard = asyncio.ensure_future(anext(up_to_date)), asyncio.ensure_future(anext(other))
        await store.runs.begin(run, at=NOON, deploy_tags=["t1"])
        assert await heard > newest
        assert not unheard.done()
        unheard.cancel()
        await asyncio.gather(unheard, return_exceptions=True)
        await up_to_date.aclose()
        await other.aclose()


async def test_events_are_forgotten_after_their_time_and_a_reader_knows_it(store: Store) -> None:
    await say(store, "old")
    old = await store.outbox.newest()
    await say(store, "new", at=LATER)
    await store.outbox.trim(LATER)
    assert await store.outbox.trimmed() == old
    assert [event.data["reason"] for event in await store.outbox.after(0)] == ["new"]
    await store.outbox.trim(LATER + timedelta(days=1))
    assert await store.outbox.after(0) == ()
    assert await store.outbox.newest() == old + 1
    await say(store, "next")
    assert await store.outbox.newest() == old + 2


async def test_a_reader_of_an_app_gets_what_is_its_own_since_it_has_the_name(store: Store) -> None:
    await store.apps.add(app("bank"), by="ann")
    begun = await store.outbox.newest()
    await say(store, "of the bank", of="bank")
    await say(store, "of the shop")
    assert [event.data["reason"] for event in await store.outbox.after(begun, scope=SHOP)] == ["of the shop"]
    assert [event.data["reason"] for event in await store.outbox.after(begun, app="bank")] == ["of the bank"]
    await store.apps.remove("shop", by="ann", at=LATER)
    await store.apps.add(replace(app("shop"), created=LATER + timedelta(days=1)), by="eve")
    assert [(event.kind, event.actor) for event in await store.outbox.after(0, scope=SHOP)] == [("app.added", "eve")]


async def test_timelines_and_the_audit_stay_when_events_are_forgotten(store: Store) -> None:
    """A timeline as long as its deployment; a line is told once, however often a step is done again."""
    subject = await offered(store, 1, 1, requested_by="ann")
    line = Line(key="apply", phase="apply", text="1 object", detail={"judged": "unhealthy"})
    for _ in range(2):
        await store.deployments.tell(subject.id, at=NOON, line=line, waiting_for="web")
    before = [event.kind for event in await store.audit.last()]
    await store.outbox.trim(LATER)
    assert await store.outbox.after(0) == ()
    assert [
        (entry.phase, entry.text, entry.detail) for entry in (await store.views.deployment(subject.id)).timeline
    ] == [("apply", "1 object", {"judged": "unhealthy"})]
    assert [event.kind for event in await store.audit.last()] == before == ["deployment.requested", "app.added"]
    await store.apps.remove("shop", by="ann", at=LATER)
    kept = await store.database.read(lambda c: set(c.execute(sa.text("SELECT kind FROM outbox")).scalars()))
    assert kept == {"deployment.requested", "app.added", "app.removed"}


async def test_a_line_that_was_told_before_still_tells_followers_that_something_moved(store: Store) -> None:
    subject = await offered(store, 1, 1)
    line = Line(key="watch 1", phase="watch", text="web: 1 of 2 ready")
    await store.deployments.tell(subject.id, at=NOON, line=line, waiting_for="web")
    begun = await store.outbox.newest()
    await store.deployments.tell(subject.id, at=NOON, line=line, waiting_for="web")
    assert await kinds(store, begun) == ["deployment.waiting_for"]


@dataclass
class Notices:
    """A subscriber that tells another system, which may fail."""

    name: str = "notices"
    kinds: frozenset[str] = frozenset(Kind)
    told: list[str] = field(default_factory=list)
    fails: str = ""

    async def act(self, event: DomainEvent) -> None:
        reason = event.data.get("reason", "")
        if self.fails and reason == self.fails:
            raise ConnectionError(reason)
        self.told.append(reason)


def subscribed(store: Store, subscriber: Notices, holder: str, *, now: datetime = NOON) -> Subscription:
    return Subscription(subscriber=subscriber, cursors=store.outbox, holder=holder, now=lambda: now)


async def test_a_subscriber_acts_on_each_event_in_order_and_once_more_on_what_it_failed_with(store: Store) -> None:
    await say(store, "one", "two", "three")
    notices = Notices(fails="two")
    with pytest.raises(ConnectionError):
        await subscribed(store, notices, "w-1").deliver()
    assert [reason for reason in notices.told if reason] == ["one"]
    notices.fails = ""
    assert await subscribed(store, notices, "w-1").deliver() == 2
    assert await subscribed(store, notices, "w-1").deliver() == 0
    assert [reason for reason in notices.told if reason] == ["one", "two", "three"]


async def test_of_two_processes_one_acts_and_the_other_takes_over_when_it_is_gone(store: Store) -> None:
    """What the first one had acted on but not noted, the second one gets again; the first one's word counts no more."""
    await say(store, "one", "two")
    first, second = Notices(), Notices()
    until = NOON + timedelta(seconds=30)
    assert await store.outbox.take("notices", "w-1", at=NOON, until=until) == 0
    assert await subscribed(store, second, "w-2").deliver() == 0
    assert not second.told
    assert await subscribed(store, second, "w-2", now=until).deliver() > 0
    assert second.told[-2:] == ["one", "two"]
    assert not await store.outbox.move("notices", "w-1", 1, until=until)
    await say(store, "three")
    assert await subscribed(store, first, "w-1", now=until).deliver() == 0
    assert await subscribed(store, first, "w-1", now=until + timedelta(minutes=1)).deliver() == 1
    assert first.told == ["three"]
