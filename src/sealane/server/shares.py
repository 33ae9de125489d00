"""Limits each person's share of a server process, so that nobody uses it up for the others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from weakref import WeakValueDictionary

from sealane.errors import TooManyAttempts

_ANSWERED = 4
"""Simultaneously answered requests of one person: enough for a page, and a small part of a process."""


class Share:
    """How many of one kind each person may have at a time."""

    def __init__(self, *, most: int, full: str, after: int) -> None:
        """`full` is the message for a person at the limit, `after` the seconds until a retry may work."""
        self._most = most
        self._full = full
        self._after = after
        self._had = Counter[str]()

    @contextmanager
    def one_more(self, name: str) -> Iterator[None]:
        """Counts one of that person's as long as the block lasts. Raises TooManyAttempts above the limit."""
        if self._had[name] >= self._most:
            raise TooManyAttempts(f"{name} {self._full.format(most=self._most)}, as many as one may", after=self._after)
        self._had[name] += 1
        try:
            yield
        finally:
            self._had[name] -= 1
            if not self._had[name]:
                del self._had[name]


def streams(most: int) -> Share:
    """Followed logs, and pages with live updates."""
    return Share(most=most, full="follows {most} logs and pages already", after=10)


class Turns:
    """Requests: a few of each person are answered at a time; further ones wait."""

    def __init__(self, *, most: int) -> None:
        """`most` is how many requests of one person are answered or wait."""
        self._share = Share(most=most, full="waits for {most} answers already", after=1)
        self._answering = WeakValueDictionary[str, asyncio.Semaphore]()
        """By person, as long as they have a request."""

    @asynccontextmanager
    async def one(self, name: str) -> AsyncIterator[None]:
        """Waits for that person's turn, and holds it. Raises TooManyAttempts when too many wait."""
        with self._share.one_more(name):
            async with self._answering.setdefault(name, asyncio.Semaphore(_ANSWERED)):
                yield
