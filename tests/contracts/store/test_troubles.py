"""What is broken about an app is remembered over restarts and processes, tried again later and later, and told when it is fixed."""

from __future__ import annotations

from datetime import timedelta

from sealane.store import troubles
from sealane.store.all_stores import Store

from .samples import NOON, app


async def test_a_trouble_is_tried_later_and_later_until_it_is_fixed(store: Store) -> None:
    first = await store.troubles.note("shop", "gone", at=NOON)
    second = await store.troubles.note("shop", "still gone", at=first.again)
    assert (second.since, second.tries, second.reason) == (NOON, 2, "still gone")
    assert second.again - first.again > first.again - NOON
    assert await store.troubles.due(second.again - timedelta(seconds=1)) == ()
    assert await store.troubles.due(second.again) == ("shop",)
    assert await store.troubles.of("shop") == second

    resolved = second.again + timedelta(minutes=1)
    assert await store.troubles.resolved("shop", at=resolved)
    assert not await store.troubles.resolved("shop", at=resolved)
    assert await store.troubles.of("shop") is None
    assert await store.troubles.due(resolved + timedelta(days=9)) == ()
    told = await store.troubles.all(now=resolved)
    assert [(trouble.app, trouble.resolved) for trouble in told] == [("shop", resolved)]
    assert await store.troubles.all(now=resolved + troubles.TOLD_FOR + timedelta(seconds=1)) == ()


async def test_a_new_trouble_begins_anew(store: Store) -> None:
    await store.apps.add(app("bank"), by="ann")
    for name in ("shop", "bank"):
        await store.troubles.note(name, "gone", at=NOON)
    await store.troubles.resolved("shop", at=NOON)
    later = NOON + timedelta(hours=1)
    assert (await store.troubles.note("shop", "gone again", at=later)).tries == 1
    assert [(trouble.app, trouble.since) for trouble in await store.troubles.all(now=later)] == [
        ("bank", NOON),
        ("shop", later),
    ]


def test_pauses_double_up_to_ten_minutes() -> None:
    pauses = [troubles.pause(tries).total_seconds() for tries in range(1, 60)]
    assert pauses[:4] == [5, 10, 20, 40]
    assert pauses[-1] == 600
    assert pauses == sorted(pauses)
