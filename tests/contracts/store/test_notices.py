"""Notices on both databases: an event counts once, one process sends, and what could not be sent is tried for a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sealane.environments import notice_files
from sealane.events.model import EventKind
from sealane.notices.model import Entry, Notice, TellState, Tone
from sealane.notices.recipients import Recipient
from sealane.notices.targets import commit_statuses
from sealane.outbox.notice_kinds import NoticeKind
from sealane.pipelines.model import RunStatus
from sealane.records.deployments import ApprovalRule
from sealane.records.runs import Run
from sealane.records.scopes import Scope
from sealane.store import conclusion
from sealane.store.all_stores import Store
from sealane.verdicts.model import Verdict, VerdictKind
from sealane.workflows.notice_watch import Teller

from .samples import NOON, push
from .test_deployments import offered

RULES = """
targets:
  asked: {webhook: {url: "https://asked.example.com/"}}
  ends: {webhook: {url: "https://ends.example.com/"}}
  channel: {slack: {channel: C024BE91L, token: "env:TOKEN"}}
  commits: {gitea: {url: "https://git.example.com", token: "env:TOKEN"}}
notices:
  - {to: [asked, channel, commits], of: approval.asked}
  - {to: ends, of: [deployment.rolled_back, deployment.failed]}
"""

TEAM = Recipient(target="team")
UNTIL = NOON + timedelta(minutes=1)


def notice(event: int, kind: NoticeKind = NoticeKind.HEALTH_DEGRADED, minute: int = 0) -> Notice:
    at = NOON + timedelta(minutes=minute)
    return Notice(
        thing="health:shop/dev",
        kind=kind,
        tone=Tone.BAD,
        app="shop",
        owner="payments",
        formation="dev",
        environment="dev",
        title=f"event {event}",
        text="",
        entries=(Entry(kind=kind, at=at, text=f"event {event}", event=event),),
    )


async def put(store: Store, *told: Notice) -> None:
    for notice in told:
        await store.notices.put([(TEAM, notice)], at=notice.entries[-1].at)


async def test_what_happens_to_one_thing_is_one_notice_and_an_event_counts_once(store: Store) -> None:
    recovered = notice(2, NoticeKind.HEALTH_RECOVERED, 5)
    await put(store, notice(1), notice(1), recovered, recovered, notice(1))
    (one,) = await store.notices.listed()
    assert (one.version, [entry.event for entry in one.fresh]) == (2, [1, 2])
    await put(store, notice(3, minute=90))
    assert len(await store.notices.listed()) == 2, "an hour after it was well it is another thing"


async def test_what_waits_in_a_message_is_ended_in_it(store: Store) -> None:
    """An end that no rule asks for is for whoever was told that it waits; what follows is for who edits a message."""
    begun = await store.outbox.newest()
    rules = (ApprovalRule(by=("sre",), count=1, source="approval"),)
    first, second = await offered(store, 1, 1, rules=rules), await offered(store, 2, 2, rules=rules)
    over = Verdict(kind=VerdictKind.SUPERSEDED, reason="a newer one went first.", at=NOON)
    await conclusion.conclude(store.database, first.id, over)
    await store.deployment_queue.open(second.id, revision_id=second.revision_id, at=NOON)
    await store.deployment_queue.begin(second.id, at=NOON, since=NOON)
    await conclusion.conclude(store.database, second.id, replace(over, kind=VerdictKind.DEPLOYED))

    config, wrong = notice_files.read(RULES, "notices.yaml")
    assert config is not None, wrong
    teller = Teller(store=store, config=lambda: config, server="https://s")
    for event in await store.outbox.after(begun):
        await teller.act(event)
    told = {(row.target, row.notice.deployment): row.notice for row in await store.notices.listed()}
    assert {key: [entry.kind for entry in notice.entries] for key, notice in told.items()} == {
        ("asked", first.id): ["approval.asked", "deployment.superseded"],
        ("asked", second.id): ["approval.asked"],
        ("channel", first.id): ["approval.asked", "deployment.superseded"],
        ("channel", second.id): ["approval.asked", "deployment.started", "deployment.deployed"],
        ("commits", first.id): ["approval.asked", "deployment.superseded"],
        ("commits", second.id): ["approval.asked", "deployment.started", "deployment.deployed"],
    }
    superseded = told["commits", first.id]
    assert (superseded.tone, superseded.text, superseded.title.rpartition(" ")[2]) == (
        Tone.OVER,
        over.reason,
        "superseded",
    )
    assert commit_statuses.status(superseded) == {
        "state": "error",
        "context": "sealane/production",
        "description": "superseded: a newer one went first.",
        "target_url": f"https://s/deployments/{first.id}",
    }


async def test_one_holder_sends_and_what_came_meanwhile_is_sent_next(store: Store) -> None:
    await put(store, notice(1))
    (due,) = await store.notices.due("one", NOON)
    taken = await store.notices.take(due.id, "one", now=NOON, until=UNTIL)
    assert taken is not None
    assert await store.notices.due("two", NOON) == ()
    assert await store.notices.take(due.id, "two", now=NOON, until=UNTIL) is None
    await put(store, notice(2, NoticeKind.HEALTH_RECOVERED))
    await store.notices.sent(taken, "one", {"ts": "4.2"}, at=NOON)
    (left,) = await store.notices.listed()
    assert (left.state, left.reference) == (TellState.UNSENT, {"ts": "4.2"})
    assert [entry.event for entry in left.fresh] == [2]


async def test_who_was_killed_while_sending_is_followed_by_another(store: Store) -> None:
    """The same process, where there is only one, goes on at once; another one after a while."""
    await put(store, notice(1))
    (due,) = await store.notices.due("one", NOON)
    assert await store.notices.take(due.id, "one", now=NOON, until=UNTIL)
    assert await store.notices.due("one", NOON) == (due,)
    assert await store.notices.due("two", UNTIL) == (due,)
    taken = await store.notices.take(due.id, "two", now=UNTIL, until=UNTIL + timedelta(minutes=1))
    assert taken is not None
    await store.notices.sent(taken, "one", {}, at=UNTIL)
    (one,) = await store.notices.listed()
    assert one.state is TellState.UNSENT, "it is another's now"


async def test_what_can_not_be_sent_is_tried_for_a_day_and_stands_first(store: Store) -> None:
    await put(store, notice(1))
    now = NOON
    for _ in range(2):
        (due,) = await store.notices.due("one", now)
        taken = await store.notices.take(due.id, "one", now=now, until=now + timedelta(minutes=1))
        assert taken is not None
        await store.notices.failed(taken, "one", "it is away", at=now)
        assert await store.notices.due("one", now) == ()
        (listed,) = await store.notices.listed(unsent=True)
        assert (listed.state, listed.tries, listed.reason) == (TellState.UNSENT, taken.tries + 1, "it is away")
        now = listed.again
    now = NOON + timedelta(days=1)
    (due,) = await store.notices.due("one", now)
    taken = await store.notices.take(due.id, "one", now=now, until=now + timedelta(minutes=1))
    assert taken is not None
    await store.notices.failed(taken, "one", "it is away", at=now)
    (listed,) = await store.notices.listed(unsent=True)
    assert listed.state is TellState.GIVEN_UP
    await put(store, notice(2, minute=24 * 60 + 1))
    (again,) = await store.notices.listed()
    assert (again.state, again.tries, again.since) == (TellState.UNSENT, 0, None), "what is new is tried anew"


async def test_notices_are_of_the_readers_apps_and_old_ones_are_forgotten(store: Store) -> None:
    await put(store, notice(1))
    other = Scope(places=frozenset({("shop", "production")}))
    assert len(await store.notices.listed(scope=Scope(apps=frozenset({"shop"})))) == 1
    assert await store.notices.listed(scope=other) == ()
    later = NOON + timedelta(days=30)
    await store.notices.trim(later)
    (due,) = await store.notices.due("one", later)
    taken = await store.notices.take(due.id, "one", now=later, until=later + timedelta(minutes=1))
    assert taken is not None, "what is not sent is not forgotten"
    await store.notices.sent(taken, "one", {}, at=NOON)
    await store.notices.trim(later)
    assert await store.notices.listed() == ()


async def test_what_failed_before_is_looked_for_on_the_branch_or_in_the_pull_request(store: Store) -> None:
    """A pull request is not the branch that it wants into."""

    async def ran(letter: str, status: RunStatus, pull_request: int | None = None) -> Run:
        event = push(letter, delivery=letter)
        if pull_request:
            event = replace(event, kind=EventKind.PULL_REQUEST, ref=f"refs/pull/{pull_request}/head")
        receipt = await store.events.receive(event, source="github")
        await store.runs.begin(receipt.run_id, at=NOON, deploy_tags=[f"t-{letter}"])
        await store.runs.end(receipt.run_id, at=NOON, status=status)
        return await store.runs.get(receipt.run_id)

    assert not await store.notices.failed_before(await ran("a", RunStatus.PASSED))
    await ran("b", RunStatus.FAILED, pull_request=7)
    assert not await store.notices.failed_before(await ran("c", RunStatus.PASSED))
    await ran("d", RunStatus.FAILED)
    assert not await store.notices.failed_before(await ran("e", RunStatus.PASSED, pull_request=8))
    assert await store.notices.failed_before(await ran("f", RunStatus.PASSED, pull_request=7))
    assert await store.notices.failed_before(await ran("0", RunStatus.PASSED))
