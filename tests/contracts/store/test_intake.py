"""Events become runs, each at most once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from sealane.errors import Conflicting, NotThere
from sealane.events.model import EventKind, RefGone
from sealane.pipelines.model import RunStatus
from sealane.store.all_stores import Store

from .samples import NOON, app, push


async def test_a_push_becomes_a_run_with_the_apps_next_number(store: Store) -> None:
    """Numbers are the app's own and count from 1."""
    first = await store.events.receive(push("a"), source="github")
    second = await store.events.receive(push("b", before="a"), source="github")

    assert [(await store.runs.get(receipt.run_id)).label for receipt in (first, second)] == ["shop #1", "shop #2"]
    assert (await store.runs.get(first.run_id)).status is RunStatus.WAITING


async def test_a_redelivered_hook_starts_nothing(store: Store) -> None:
    """The same delivery of the same sender names the run it started."""
    first = await store.events.receive(push("a", delivery="1"), source="github")
    again = await store.events.receive(push("a", delivery="1"), source="github")

    assert (again.run_id, again.duplicate) == (first.run_id, True)


async def test_the_same_push_under_another_delivery_starts_nothing_and_takes_no_number(store: Store) -> None:
    """What was pushed where makes it the same push, whatever the message's id."""
    first = await store.events.receive(push("a", delivery="1"), source="github")
    again = await store.events.receive(push("a", delivery="2"), source="github")
    later = await store.events.receive(push("b", before="a", delivery="3"), source="github")

    assert (again.run_id, again.duplicate) == (first.run_id, True)
    assert (await store.runs.get(later.run_id)).sequence == 2


async def test_a_commit_pushed_again_after_another_one_is_a_new_push(store: Store) -> None:
    """Going back to an older commit by a forced push builds it again."""
    first = await store.events.receive(push("a"), source="github")
    await store.events.receive(push("b", before="a"), source="github")
    back = await store.events.receive(push("a", before="b"), source="github")

    assert not back.duplicate
    assert back.run_id != first.run_id


async def test_an_old_message_starts_nothing_under_any_id_and_from_any_sender(store: Store) -> None:
    """Nobody signs the id: the branch went on, or back, and who kept the message sends it once more."""
    first = await store.events.receive(push("bad", before="good", delivery="1"), source="github", message="m1")
    await store.events.receive(push("good", before="bad", delivery="2"), source="github", message="m2")
    for source, delivery in (("github", "3"), ("gitea", "1"), ("gitea", "4")):
        again = await store.events.receive(push("bad", before="good", delivery=delivery), source=source, message="m1")
        assert (again.run_id, again.duplicate) == (first.run_id, True)
    assert len(await store.views.runs()) == 2


async def test_the_same_move_in_another_message_is_a_new_push(store: Store) -> None:
    """Pushed again after going back, or after the branch was deleted: hosts say when, so the message is another one."""
    moves = [("bad", "good"), ("good", "bad"), ("bad", "good"), ("good", "bad"), ("bad", "good")]
    received = [
        await store.events.receive(
            push(after, before=before, delivery=str(number)), source="github", message=f"m{number}"
        )
        for number, (after, before) in enumerate(moves)
    ]
    assert not any(receipt.duplicate for receipt in received)
    gone = RefGone(app="shop", ref="refs/heads/main", reason="deleted", received=NOON)
    await store.events.forget(gone, source="github", message="gone")
    anew = await store.events.receive(push("bad", before="good", delivery="9"), source="github", message="m9")
    assert not anew.duplicate


async def test_an_old_word_that_a_branch_was_deleted_changes_nothing(store: Store) -> None:
    """Else the newest push would start once more under a fresh id."""
    gone = RefGone(app="shop", ref="refs/heads/main", reason="deleted", received=NOON)
    await store.events.forget(gone, source="github", message="gone")
    first = await store.events.receive(push("a", delivery="1"), source="github", message="m1")
    await store.events.forget(replace(gone, delivery="7"), source="github", message="gone")
    again = await store.events.receive(push("a", delivery="2"), source="github", message="m2")
    assert (again.run_id, again.duplicate) == (first.run_id, True)


async def test_copies_that_arrive_at_the_same_moment_start_one_run(store: Store) -> None:
    """Eight copies at once, one run."""
    receipts = await asyncio.gather(
        *(store.events.receive(push("a", delivery=str(n % 2)), source="gitea") for n in range(8))
    )

    assert len({receipt.run_id for receipt in receipts}) == 1
    assert sum(not receipt.duplicate for receipt in receipts) == 1


async def test_running_a_run_again_many_times_before_it_begins_is_one_run(store: Store) -> None:
    """Whoever clicks eight times gets one; once it has begun, asking is meant."""
    first = await store.events.receive(push("a"), source="github")
    asked: dict[str, Any] = {"source": "rerun", "requested_by": "ann", "again": await store.runs.get(first.run_id)}
    receipts = await asyncio.gather(*(store.events.receive(push("a"), **asked) for _ in range(8)))
    [made] = {receipt.run_id for receipt in receipts} - {first.run_id}
    assert sum(not receipt.duplicate for receipt in receipts) == 1
    other = await store.events.receive(push("b", before="a"), source="github")
    assert (
        await store.events.receive(push("b"), **asked | {"again": await store.runs.get(other.run_id)})
    ).run_id not in {made, other.run_id}
    await store.runs.begin(made, at=NOON, deploy_tags=("20260101000000-aaaaaaa",))
    later = await store.events.receive(push("a"), **asked)
    assert (later.duplicate, later.run_id != made) == (False, True)


async def test_asking_by_hand_twice_starts_two_runs(store: Store) -> None:
    """Only pushes are compared; a person who asks twice means it."""
    asked = push("a")
    manual = type(asked)(kind=EventKind.MANUAL, app="shop", commit=asked.commit, received=NOON)

    receipts = [await store.events.receive(manual, source="") for _ in range(2)]

    assert [receipt.duplicate for receipt in receipts] == [False, False]


async def test_an_unknown_app_has_no_runs(store: Store) -> None:
    """An event of an app that nobody registered is refused."""
    with pytest.raises(NotThere, match="there is no app nobody"):
        await store.events.receive(push("a", app_name="nobody"), source="github")


async def test_a_second_repository_cannot_claim_an_apps_name(store: Store) -> None:
    """Names are unique on a server; the refusal says whose it is."""
    with pytest.raises(
        Conflicting, match=r"there is an app shop already, of the repository https://git.example.com/shop.git"
    ):
        await store.apps.add(app("shop", "https://elsewhere.example.com/shop.git"), by="eve")


async def test_a_repository_is_registered_once(store: Store) -> None:
    """The same repository and path under another name is refused, too."""
    with pytest.raises(Conflicting, match="is registered already, as shop"):
        await store.apps.add(app("other", "https://git.example.com/shop.git"), by="eve")


async def test_the_newest_commit_of_each_ref_is_known(store: Store) -> None:
    """What a server that was down has missed can be told from it."""
    await store.events.receive(push("a"), source="pushes")
    await store.events.receive(push("b", before="a"), source="pushes")

    assert await store.views.heads("shop") == {"refs/heads/main": "b" * 40}
