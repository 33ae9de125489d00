"""How many answers that go on each person has open, so that nobody takes the connections that all share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sealane.errors import TooManyAttempts

_AGAIN = 10
"""Seconds after which one may have ended."""


class OpenStreams:
    """Logs that are followed, and pages that hear of changes, of one server process."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._open = Counter[str]()

    def check(self, name: str) -> None:
        """Raises TooManyAttempts where one more of that person's would be too many."""
        if self._open[name] >= self._most:
            raise TooManyAttempts(
                f"{name} follows {self._most} logs and pages already, as many as one may", after=_AGAIN
            )

    @contextmanager
    def one_more(self, name: str) -> Iterator[bool]:
        """Counts one for as long as it goes on; says whether it may: others may have begun since it was checked."""
        fits = self._open[name] < self._most
        self._open[name] += fits
        try:
            yield fits
        finally:
            self._open[name] -= fits
            if not self._open[name]:
                del self._open[name]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Who reads an answer that goes on."""

    name: str
    again: Callable[[], Awaitable[None]]
    """Asks the gate again; raises as it does."""
    streams: OpenStreams
