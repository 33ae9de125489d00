"""Sending what is due: a target that hangs, refuses or is overrun holds up no other, and nobody is told twice."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import Any

from sealane import clock
from sealane.errors import Overrun
from sealane.notices.model import Entry, Notice, Outgoing, TellState, Tone
from sealane.notices.port import NoticeTarget, PartlyTold, Reference, Telling
from sealane.notices.recipients import Recipient
from sealane.outbox.notice_kinds import NoticeKind
from sealane.store.all_stores import Store
from sealane.workflows.notice_watch import Sender


@dataclass
class Told:
    """A target that takes notices, hangs until it is let go, or fails."""

    asked: list[str] = field(default_factory=list)
    free: asyncio.Event | None = None
    error: Exception | None = None
    apart: bool = False

    async def tell(self, telling: Telling) -> Reference:
        self.asked.append(telling.notice.title)
        if self.free:
            await self.free.wait()
        if self.error:
            raise self.error
        return {}


@dataclass
class Targets:
    """Them by name."""

    found: dict[str, Told]

    async def open(self, name: str, own: Any, *, app: str) -> NoticeTarget:
        del own, app
        return self.found[name]

    async def tells_apart(self, name: str) -> bool:
        return self.found[name].apart


def sender(store: Store, **targets: Told) -> Sender:
    return Sender(store=store, targets=Targets(targets), holder="one")  # type: ignore[arg-type]


async def put(store: Store, target: str, number: int) -> None:
    at = clock.now()
    notice = Notice(
        thing=f"deployment:d-{number}",
        kind=NoticeKind.DEPLOYMENT_DEPLOYED,
        tone=Tone.GOOD,
        app="shop",
        owner="payments",
        title=f"{number}",
        text="",
        entries=(Entry(kind=NoticeKind.DEPLOYMENT_DEPLOYED, at=at, text="deployed", event=number),),
    )
    await store.notices.put([(Recipient(target=target), notice)], at=at)


async def rows(store: Store, target: str) -> list[Outgoing]:
    return [notice for notice in await store.notices.listed() if notice.target == target]


async def settled(sender: Sender, *targets: str) -> None:
    """Until nothing is being sent to them."""
    await asyncio.gather(*(sender.busy[target] for target in targets if target in sender.busy))


async def test_a_target_that_hangs_holds_up_no_other(store: Store) -> None:
    hangs, answers = Told(free=asyncio.Event()), Told()
    sending = sender(store, hangs=hangs, answers=answers)
    for number in range(1, 11):
        await put(store, "hangs", number)
    await sending.send()
    for number in range(11, 14):
        await put(store, "answers", number)
        await sending.send()
        await settled(sending, "answers")
    assert answers.asked == ["11", "12", "13"]
    assert hangs.free is not None
    hangs.free.set()
    await settled(sending, "hangs")
    assert sorted(hangs.asked, key=int) == [str(number) for number in range(1, 11)]
    assert {row.state for row in await store.notices.listed()} == {TellState.SENT}


async def test_who_was_asked_too_often_is_left_alone_and_told_later(store: Store) -> None:
    overrun = Told(error=Overrun("too often", after=900))
    sending = sender(store, overrun=overrun)
    for number in range(1, 9):
        await put(store, "overrun", number)
    await sending.send()
    await settled(sending, "overrun")
    asked = len(overrun.asked)
    await put(store, "overrun", 9)
    await sending.send()
    await settled(sending, "overrun")
    assert len(overrun.asked) == asked <= 4
    failed = [row for row in await rows(store, "overrun") if row.tries]
    assert all((row.again - row.updated).total_seconds() == 900 for row in failed)


async def test_where_each_thing_has_a_place_of_its_own_all_of_many_are_told(store: Store) -> None:
    """A commit has its own status, however many deployments end at once; people get one message about them."""
    commits, people = Told(apart=True), Told()
    sending = sender(store, commits=commits, people=people)
    for number in range(1, 13):
        await put(store, "commits", number)
        await put(store, "people", number)
    await sending.send()
    await settled(sending, "commits", "people")
    assert sorted(commits.asked, key=int) == [str(number) for number in range(1, 13)]
    assert people.asked == ["12 things happened"]


async def test_what_some_have_is_not_tried_again(store: Store) -> None:
    partly = Told(error=PartlyTold("it does not take it for gone@example.com"))
    sending = sender(store, partly=partly)
    await put(store, "partly", 1)
    await sending.send()
    await settled(sending, "partly")
    (row,) = await rows(store, "partly")
    assert (row.state, row.reason) == (TellState.GIVEN_UP, "it does not take it for gone@example.com")


async def test_nothing_is_kept_of_targets_that_were_told_long_ago(store: Store) -> None:
    """Commits bring addresses along, as many as they like."""
    names = [f"hook-{number}" for number in range(20)]
    overrun = {name: Told(error=Overrun("too often", after=900)) for name in names[:10]}
    sending = sender(store, **overrun, **{name: Told() for name in names[10:]})
    for number, name in enumerate(names):
        await put(store, name, number)
    await sending.send()
    await settled(sending, *names)
    assert (len(sending.lately), len(sending.quiet)) == (20, 10)
    later = replace(sending, tick=lambda: time.monotonic() + 60)
    await later.send()
    assert (len(later.lately), len(later.quiet), len(later.busy)) == (0, 10, 0)
    await replace(sending, tick=lambda: time.monotonic() + 901).send()
    assert (len(sending.quiet), len(sending.lately)) == (0, 0)
