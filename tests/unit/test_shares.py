"""What one person may have of a server at a time."""

from __future__ import annotations

import asyncio

import pytest

from sealane.errors import TooManyAttempts
from sealane.server import shares
from sealane.server.shares import Turns


def test_nobody_has_more_open_than_one_may() -> None:
    """One too many is refused before it begins, and an end makes room."""
    counted = shares.streams(2)
    with counted.one_more("kim"):
        with counted.one_more("kim"):
            with pytest.raises(TooManyAttempts, match="kim follows 2 logs and pages already"), counted.one_more("kim"):
                pass
            with counted.one_more("lea"):
                pass
        with counted.one_more("kim"):
            pass


async def test_of_many_requests_a_few_are_answered_at_a_time_the_others_wait_and_what_is_too_much_is_refused() -> None:
    """Who asks once is answered at once, however much somebody else asks."""
    turns, free, answering = Turns(most=10), asyncio.Event(), list[str]()

    async def asks(name: str) -> None:
        async with turns.one(name):
            answering.append(name)
            await free.wait()

    asked = [asyncio.create_task(asks("kim")) for _ in range(13)]
    asked.append(asyncio.create_task(asks("lea")))
    refused, _ = await asyncio.wait(asked[10:13])
    for each in refused:
        with pytest.raises(TooManyAttempts, match="kim waits for 10 answers already") as told:
            each.result()
        assert told.value.after == 1
    assert sorted(answering) == ["kim"] * 4 + ["lea"]
    asked[9].cancel()
    free.set()
    await asyncio.gather(*asked, return_exceptions=True)
    assert answering.count("kim") == 9
    await asks("kim")
