"""How many answers that go on each person has open, so that nobody takes the connections that all share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sealane.errors import TooManyAttempts

_AGAIN = 10
"""Seconds after which one may have ended."""


class OpenStreams:
    """Logs that are followed, and pages that hear of changes, of one server process."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._open = Counter[str]()

    @contextmanager
    def one_more(self, name: str) -> Iterator[None]:
        """Counts one of that person's for as long as it goes on. Raises TooManyAttempts where it would be too many."""
        if self._open[name] >= self._most:
            raise TooManyAttempts(
                f"{name} follows {self._most} logs and pages already, as many as one may", after=_AGAIN
            )
        self._open[name] += 1
        try:
            yield
        finally:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]
