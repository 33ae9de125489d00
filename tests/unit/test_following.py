"""Answers that go on: for as long as whoever reads may, and not a part longer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import pytest

from sealane.errors import NotSignedIn, NotThere, Refused, SealaneError, Unavailable
from sealane.server import streams

ENDS = (NotSignedIn("revoked"), NotThere("not there"), Refused("no"), Unavailable("the database does not answer"))


class Source:
    """Parts that come when they are put in, and whether they were closed."""

    def __init__(self, *parts: str) -> None:
        self.queue: asyncio.Queue[str | None] = asyncio.Queue()
        self.closed = False
        for part in parts:
            self.queue.put_nowait(part)

    async def parts(self) -> AsyncGenerator[str, None]:
        try:
            while (part := await self.queue.get()) is not None:
                yield part
        finally:
            self.closed = True


def admitted(asked: list[int], *answers: SealaneError | None) -> Callable[[], Coroutine[Any, Any, None]]:
    """Says yes for each None, then raises."""

    async def look() -> None:
        asked.append(len(asked))
        answer = answers[min(len(asked), len(answers)) - 1]
        if answer is not None:
            raise answer

    return look


@pytest.mark.parametrize("end", ENDS, ids=lambda each: type(each).__name__)
async def test_a_silent_stream_ends_when_the_right_is_gone(end: SealaneError) -> None:
    """Nothing comes any more: nobody may hold it open all the same."""
    source, told = Source("one", "two"), list[str]()

    async def gone() -> None:
        if len(told) == 2:
            raise end

    async with asyncio.timeout(60):
        async for part in streams.while_admitted(source.parts(), gone, every=0.01):
            told.append(part)
    assert (told, source.closed) == (["one", "two"], True)


async def test_no_part_is_shown_after_the_right_is_gone() -> None:
    source, told = Source("one"), list[str]()

    async def gone() -> None:
        if told:
            source.queue.put_nowait("secret")
            raise NotThere("there is no run r-1")

    async with asyncio.timeout(60):
        async for part in streams.while_admitted(source.parts(), gone, every=0.01):
            told.append(part)
    assert told == ["one"]


async def test_it_goes_on_to_its_end_for_whoever_still_may() -> None:
    source, asked = Source("one"), list[int]()

    async def may() -> None:
        asked.append(1)
        source.queue.put_nowait("more" if len(asked) < 3 else None)  # type: ignore[arg-type]

    async with asyncio.timeout(60):
        told = [part async for part in streams.while_admitted(source.parts(), may, every=0.01)]
    assert (told, source.closed) == (["one", "more", "more"], True)


async def test_a_long_request_is_taken_no_further_once_the_right_is_gone() -> None:
    """A push whose pack comes slowly: what comes after its token was revoked does not reach git."""
    came, told = ["one", "two", "three"], list[str]()

    async def parts() -> AsyncGenerator[str, None]:
        for part in came:
            yield part

    passed_on = streams.while_allowed(parts(), admitted([], None, NotSignedIn("revoked")), every=0.0)
    told.append(await anext(passed_on))
    with pytest.raises(NotSignedIn):
        told.append(await anext(passed_on))
    assert told == ["one"]
    assert [part async for part in streams.while_allowed(parts(), admitted([], NotSignedIn("x")), every=60.0)] == came


async def test_a_long_request_that_says_nothing_ends_once_the_right_is_gone() -> None:
    """A push that sends no byte more would hold its app's turn for as long as git has patience."""
    source, told = Source("one"), list[str]()

    async def gone() -> None:
        if told:
            raise NotSignedIn("revoked")

    async def taken() -> None:
        async for part in streams.while_allowed(source.parts(), gone, every=0.01):
            told.append(part)

    async with asyncio.timeout(60):
        with pytest.raises(NotSignedIn):
            await taken()
    assert (told, source.closed) == (["one"], True)


async def test_what_breaks_in_the_stream_is_told() -> None:
    async def parts() -> AsyncGenerator[str, None]:
        yield "one"
        raise Unavailable("the log is gone")

    with pytest.raises(Unavailable):
        _ = [part async for part in streams.while_admitted(parts(), admitted([], None), every=60)]


async def test_a_reader_who_leaves_closes_it() -> None:
    source = Source("one", "two")
    followed = streams.while_admitted(source.parts(), admitted([], None), every=60)
    assert await anext(followed) == "one"
    await followed.aclose()  # type: ignore[attr-defined]
    assert source.closed
