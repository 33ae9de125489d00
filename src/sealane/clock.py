"""The clock: the only place that asks what time it is, so that tests can say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Gives the time now: aware, in UTC."""


def now() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


class SetClock:
    """A clock that stands until it is moved; for tests and replays."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        """Moves the clock forward."""
        self.at += by
