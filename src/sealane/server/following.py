"""Following what moves: logs that go on, and the word that something changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from sealane.server import wired
from sealane.store.view_model import LogPart


async def log(server: wired.Server, run: str, key: str, *, offset: int, follow: bool) -> AsyncIterator[LogPart]:
    """The parts of a step's log from a byte on; with `follow` until the step has ended."""
    part = await server.views.log(run, key, offset=offset)
    if part.data:
        yield part
    async with aclosing(server.changes.follow({f"run:{run}"})) as changes:
        while True:
            read = len(part.data)
            part = await server.views.log(run, key, offset=part.next_offset)
            if part.data:
                yield part
            elif part.ended or not follow:
                return
            elif not read:
                await anext(changes)
