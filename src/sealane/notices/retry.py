"""When a notice is sent: at once, a repeat later, and what could not be sent again for a day. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sealane.notices.model import Entry

PATIENCE = timedelta(days=1)
"""For how long it is tried."""
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=15)
_FIRST_HOLD = timedelta(minutes=1)
_LONGEST_HOLD = timedelta(hours=1)


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries in vain: twice as long each time, up to a quarter of an hour."""
    return min(_FIRST_PAUSE * (1 << min(tries - 1, 20)), _LONGEST_PAUSE)


def given_up(since: datetime, now: datetime) -> bool:
    """Whether it was tried for long enough."""
    return now - since >= PATIENCE


def due(entries: Sequence[Entry], now: datetime) -> datetime:
    """When what happened last is told: at once what is new, and a repeat the later the more often it came.

    What waits is told together: a formation that comes and goes all day is no storm of messages.
    """
    last = entries[-1]
    before = [entry for entry in entries[:-1] if entry.kind == last.kind]
    if not before:
        return now
    return now + min(_FIRST_HOLD * (1 << min(len(before) - 1, 10)), _LONGEST_HOLD)
