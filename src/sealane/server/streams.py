"""Streams of changes: growing logs, and messages that something changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

from starlette.responses import StreamingResponse

from sealane.errors import SealaneError
from sealane.records.views import LogPart
from sealane.server import dependencies

_ASKED_EVERY = 10.0
"""Seconds for which a permission is not checked again during an answer."""
_KEEP_ALIVE = 15.0
"""Seconds without an event after which a comment is sent, so that nothing on the way takes the connection for dead."""
Part = TypeVar("Part")


LIVE = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Headers of what comes bit by bit: no proxy may keep it, nor wait until it has more of it (nginx, proxy_buffering)."""


class TextStream(StreamingResponse):
    """Text as it comes."""

    media_type = "text/plain"


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


def server_sent(events: AsyncGenerator[str, None], again: Callable[[], Awaitable[object]]) -> EventStream:
    """The answer with the events, as long as the reader has permission."""
    return EventStream(while_admitted(events, again), headers=LIVE)


async def with_keep_alive(events: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    """The events, after the time in which a browser connects again; and a comment while none comes."""
    yield "retry: 2000\n\n"
    waiting = asyncio.ensure_future(anext(events))
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=_KEEP_ALIVE)
            if not done:
                yield ": still here\n\n"
                continue
            yield waiting.result()
            waiting = asyncio.ensure_future(anext(events))
    except StopAsyncIteration:
        return
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await events.aclose()


class _NotAdmitted(Exception):
    """The reader has no permission any more, or nobody can confirm it."""


async def while_admitted(
    parts: AsyncGenerator[Part, None], again: Callable[[], Awaitable[object]], *, every: float = _ASKED_EVERY
) -> AsyncIterator[Part]:
    """The parts, as long as the reader has permission; it ends without it, even between parts.

    `again` asks the gate, and raises as it does.
    """

    async def asking() -> None:
        try:
            await again()
        except SealaneError as error:
            raise _NotAdmitted from error

    async with aclosing(while_allowed(parts, asking, every=every)) as allowed:
        try:
            async for part in allowed:
                yield part
        except _NotAdmitted:
            return


async def while_allowed(
    parts: AsyncGenerator[Part, None], again: Callable[[], Awaitable[object]], *, every: float = _ASKED_EVERY
) -> AsyncGenerator[Part, None]:
    """The parts, as long as `again` raises nothing. Raises as it does, even between parts: a sender may be silent."""
    asked = time.monotonic()
    waiting = asyncio.ensure_future(anext(parts))
    try:
        while True:
            left = asked + every - time.monotonic()
            done, _ = await asyncio.wait({waiting}, timeout=max(0.0, left))
            if time.monotonic() - asked >= every:
                await again()
                asked = time.monotonic()
            if done:
                try:
                    part = waiting.result()
                except StopAsyncIteration:
                    return
                yield part
                waiting = asyncio.ensure_future(anext(parts))
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await parts.aclose()


async def log(server: dependencies.Server, run: str, key: str, *, offset: int, follow: bool) -> AsyncIterator[LogPart]:
    """The parts of a step's log from a byte on; with `follow` until the step has ended."""
    part = await server.views.log(run, key, offset=offset)
    if part.data:
        yield part
    async with aclosing(server.followers.follow({f"run:{run}"})) as changes:
        while True:
            read = len(part.data)
            part = await server.views.log(run, key, offset=part.next_offset)
            if part.data:
                yield part
            elif part.ended or not follow:
                return
            elif not read:
                await anext(changes)
