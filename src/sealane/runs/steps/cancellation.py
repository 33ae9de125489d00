"""A person cancels a run while one of its steps is running."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from sealane.runs.port import Memory

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Somebody wanted the run to end."""

    by: str
    """Who, in a sentence."""


async def unless_cancelled(memory: Memory, work: Coroutine[Any, Any, T]) -> T | Cancelled:
    """The result of the work. When somebody cancels the run first, the work is cancelled and has time to clean up."""
    working = asyncio.create_task(work)
    word = asyncio.create_task(memory.cancelled())
    try:
        await asyncio.wait({working, word}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
            await asyncio.wait({working})
        return Cancelled(word.result()) if working.cancelled() else working.result()
    finally:
        working.cancel()
        word.cancel()
        await asyncio.gather(working, word, return_exceptions=True)
