"""Runs wait in the store for a slot, and a push that brings too many leaves the rest to people, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from sealane.events.model import Event, EventKind
from sealane.pipelines.fair_share import Queued, Slots, next_runs
from sealane.pipelines.model import RunStatus
from sealane.store.all_stores import Store

from .samples import NOON, app, push


def slots(count: int, per_app: int):
    def choose(queue: Sequence[Queued], running: Mapping[str, int], workers: int) -> tuple[str, ...]:
        return next_runs(queue, running, Slots(all=count, per_app=per_app))

    return choose


def branch(
    name: str, *, app_name: str = "shop", after: timedelta = timedelta(), kind: EventKind = EventKind.PUSH
) -> Event:
    ref = f"refs/tags/{name}" if kind is EventKind.TAG else f"refs/heads/{name}"
    pushed = replace(push("c", app_name=app_name), kind=kind, ref=ref, branch=name if kind is EventKind.PUSH else None)
    return replace(pushed, received=NOON + after)


async def receive(store: Store, event: Event, per_push: int | None = None, by: str | None = None):
    return await store.events.receive(event, source="gitea", requested_by=by, per_push=per_push)


async def test_slots_are_given_once_and_freed_by_an_end(store: Store) -> None:
    await store.apps.add(app("bank"), by="ann")
    first = [(await receive(store, branch(f"b{number}"))).run_id for number in range(4)]
    other = (await receive(store, branch("b", app_name="bank", after=timedelta(seconds=9)))).run_id

    assert await store.run_queue.admit(slots(3, 2)) == (first[0], other, first[1])
    assert await store.run_queue.admit(slots(3, 2)) == ()
    assert await store.run_queue.unqueued() == (first[0], first[1], other)

    await store.run_queue.mark_queued(other)
    await store.runs.end(other, at=NOON, status=RunStatus.PASSED)
    assert await store.run_queue.admit(slots(3, 2)) == (), "its app has its share"
    assert await store.run_queue.admit(slots(4, 3)) == (first[2],)
    assert await store.run_queue.unqueued() == tuple(first[:3])


async def test_admissions_at_the_same_moment_never_give_one_slot_twice(store: Store) -> None:
    for number in range(12):
        await receive(store, branch(f"b{number}"))

    given = await asyncio.gather(*(store.run_queue.admit(slots(5, 5)) for _ in range(6)))

    assert len([run for admitted in given for run in admitted]) == 5
    assert len({run for admitted in given for run in admitted}) == 5


async def test_what_a_push_brings_too_much_of_is_told_and_waits_for_a_person(store: Store) -> None:
    made = [await receive(store, branch(f"b{number}"), per_push=3) for number in range(5)]
    tag = await receive(store, branch("v1", kind=EventKind.TAG), per_push=3)
    trunk = await receive(store, push("d"), per_push=3)

    assert [receipt.left_out is None for receipt in (*made, tag, trunk)] == [True] * 3 + [False] * 3 + [True]
    over = [made[3].run_id, made[4].run_id, tag.run_id]
    assert [receipt.id for receipt in await store.run_queue.left_out("shop")] == over
    run = await store.runs.get(tag.run_id)
    assert (run.status, run.reason) == (RunStatus.SKIPPED, tag.left_out)
    assert f"sealane rerun {tag.run_id}" in str(tag.left_out)
    assert not set(over) & set(await store.run_queue.admit(slots(99, 99)))

    by_hand = await receive(store, branch("b3"), per_push=3, by="kim")
    await store.run_queue.run_after_all(made[3].run_id)
    assert by_hand.left_out is None, "what people ask for is never one too many"
    later = replace(branch("b4", after=timedelta(minutes=5)), commit="e" * 40)
    assert (await receive(store, later, per_push=3)).left_out is None
    assert [receipt.id for receipt in await store.run_queue.left_out()] == [tag.run_id]


@pytest.mark.parametrize(("apart", "left_out"), [(10, True), (59, True), (61, False)])
async def test_webhooks_of_one_minute_count_as_one_push(store: Store, apart: int, left_out: bool) -> None:
    await receive(store, branch("one"), per_push=1)
    late = await receive(store, branch("two", after=timedelta(seconds=apart)), per_push=1)
    assert (late.left_out is not None) == left_out


async def test_pushes_to_one_branch_are_not_many_branches(store: Store) -> None:
    events = [replace(branch("topic"), commit=digit * 40, before=None) for digit in "0123456789"]
    assert [(await receive(store, event, per_push=1)).left_out for event in events] == [None] * 10


async def test_one_app_counts_for_itself(store: Store) -> None:
    await store.apps.add(app("bank"), by="ann")
    await receive(store, branch("one"), per_push=1)
    assert (await receive(store, branch("two", app_name="bank"), per_push=1)).left_out is None
