"""What one person may have of a server process at a time, so that nobody takes what all share."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from weakref import WeakValueDictionary

from sealane.errors import TooManyAttempts

_ANSWERED = 4
"""Requests of one person that are answered at the same time: what a page asks for at once, and little of a process."""


class Share:
    """How much of a kind each person has at a time."""

    def __init__(self, *, most: int, full: str, after: int) -> None:
        """`full` is what is said of somebody who has that many, `after` in how many seconds one may have ended."""
        self._most = most
        self._full = full
        self._after = after
        self._had = Counter[str]()

    @contextmanager
    def one_more(self, name: str) -> Iterator[None]:
        """Counts one of that person's for as long as it goes on. Raises TooManyAttempts where it would be too many."""
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
    """Logs that are followed, and pages that hear of changes."""
    return Share(most=most, full="follows {most} logs and pages already", after=10)


class Turns:
    """Requests: a few of one person are answered at a time, the others' beside them, and what is more waits."""

    def __init__(self, *, most: int) -> None:
        """`most` is how many of one person are answered, or wait for that."""
        self._share = Share(most=most, full="waits for {most} answers already", after=1)
        self._answering = WeakValueDictionary[str, asyncio.Semaphore]()
        """By person, while there is one of theirs."""

    @asynccontextmanager
    async def one(self, name: str) -> AsyncIterator[None]:
        """Waits for a turn of that person's, and has it. Raises TooManyAttempts where too many wait."""
        with self._share.one_more(name):
            async with self._answering.setdefault(name, asyncio.Semaphore(_ANSWERED)):
                yield
