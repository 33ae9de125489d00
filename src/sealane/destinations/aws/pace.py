"""The pace of looks at a service that has to be polled."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sealane import clock, errors

T = TypeVar("T")
Ladder = tuple[tuple[timedelta, float], ...]
"""Until when since the first look, and the seconds between two looks until then."""

_JITTER = 0.2
_TRIES = 10
"""Failed looks in a row before a write gives up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """The clock, and how to wait."""

    now: clock.Clock = clock.now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ladder: Ladder = ((timedelta(minutes=5), 10.0), (timedelta(minutes=10), 20.0))
    last: float = 30.0
    """Seconds between looks after the ladder's end."""

    async def between(self, since: datetime) -> None:
        """Waits before the next look: longer over time, and at random, so that looks are not in step with others'."""
        span = self.now() - since
        seconds = next((seconds for until, seconds in self.ladder if span < until), self.last)
        await self.sleep(seconds * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 - no secret

    async def patiently(self, look: Callable[[], Awaitable[T]]) -> T:
        """The look; when it fails, it is tried again a little later. Raises Unavailable, Rejected."""
        for number in range(_TRIES):
            try:
                return await look()
            except errors.Unavailable:
                if number == _TRIES - 1:
                    raise
                await self.sleep(2.0 * (number + 1))
        raise AssertionError
