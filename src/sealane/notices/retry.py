"""When a notice is sent: new ones at once, repeats later, failed ones again for a day. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sealane.notices.model import Entry

PATIENCE = timedelta(days=1)
"""How long sending is tried."""
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=15)
_FIRST_HOLD = timedelta(minutes=1)
_LONGEST_HOLD = timedelta(hours=1)


def pause(tries: int) -> timedelta:
    """How long to wait after so many failed tries: twice as long each time, up to a quarter of an hour."""
    return min(_FIRST_PAUSE * (1 << min(tries - 1, 20)), _LONGEST_PAUSE)


def given_up(since: datetime, now: datetime) -> bool:
    """Whether to stop trying."""
    return now - since >= PATIENCE


def due(entries: Sequence[Entry], now: datetime) -> datetime:
    """When to send the last event: a new one at once, a repeat the later the more often it came.

    Waiting events are sent together, so a formation that keeps failing and recovering causes no flood of messages.
    """
    last = entries[-1]
    before = [entry for entry in entries[:-1] if entry.kind == last.kind]
    if not before:
        return now
    return now + min(_FIRST_HOLD * (1 << min(len(before) - 1, 10)), _LONGEST_HOLD)
