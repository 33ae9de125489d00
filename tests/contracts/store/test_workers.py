"""Epochs keep a worker that was declared dead from writing."""

from __future__ import annotations

import asyncio

import pytest

from sealane.errors import Fenced
from sealane.store.all_stores import Store

from .samples import NOON, deployment, revision


@pytest.fixture(autouse=True)
async def two_workers(store: Store) -> None:
    """Workers `one` and `two`, and a formation."""
    for worker in ("one", "two"):
        await store.workers.register(worker, host="here", at=NOON)
    await store.deployments.offer(deployment(1, 1), revision("v1"))


async def test_who_takes_a_formation_holds_its_epoch(store: Store) -> None:
    """Until somebody else takes it."""
    first = await store.workers.take("shop", "production", worker="one")
    await store.workers.check("shop", "production", epoch=first, worker="one")

    second = await store.workers.take("shop", "production", worker="two")

    assert second > first
    await store.workers.check("shop", "production", epoch=second, worker="two")
    with pytest.raises(Fenced, match=r"shop/production was taken over"):
        await store.workers.check("shop", "production", epoch=first, worker="one")


async def test_a_worker_declared_dead_is_fenced_before_anybody_took_over(store: Store) -> None:
    """Burying raises the epochs of all it held, in the same transaction."""
    epoch = await store.workers.take("shop", "production", worker="one")

    assert await store.workers.declare_dead("one", beats=0, by="two", at=NOON)

    with pytest.raises(Fenced):
        await store.workers.check("shop", "production", epoch=epoch, worker="one")
    with pytest.raises(Fenced, match="was taken for dead"):
        await store.workers.take("shop", "production", worker="one")
    assert not await store.workers.beat("one", at=NOON)


async def test_a_worker_that_beats_at_the_last_moment_lives(store: Store) -> None:
    """Whoever wanted to declare it dead saw an older heartbeat."""
    assert await store.workers.beat("one", at=NOON)

    assert not await store.workers.declare_dead("one", beats=0, by="two", at=NOON)
    assert await store.workers.beat("one", at=NOON)


async def test_a_worker_is_declared_dead_once(store: Store) -> None:
    """Of several who find it dead one does it."""
    done = await asyncio.gather(*(store.workers.declare_dead("one", beats=0, by="two", at=NOON) for _ in range(4)))

    assert sorted(done) == [False, False, False, True]


async def test_epochs_never_go_down_however_many_take_at_once(store: Store) -> None:
    """Every taker has one of its own."""
    epochs = await asyncio.gather(*(store.workers.take("shop", "production", worker="one") for _ in range(6)))

    assert len(set(epochs)) == 6
