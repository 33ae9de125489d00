"""When a window begins and ends. Pure: knows nothing about what may happen in it.

Beginnings and ends are on the clock of the window's time zone: 22:00 for 8 hours is until 06:00, even in a night when
clocks change. A beginning in a skipped hour moves by as much; for an hour shown twice, the first counts for a beginning
and the second for an end.
"""

from __future__ import annotations

import functools
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sealane.environments.model import Window

if TYPE_CHECKING:
    from dateutil import rrule

FIRST = datetime(2024, 1, 1)  # noqa: DTZ001 - a time on the clock of whichever zone
"""The default start of a recurrence rule: a Monday, at midnight."""

_LOOKED_AHEAD = 30
"""Years for which a rule is searched."""
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurrence:
    """One occurrence of a window, in UTC; the end is exclusive."""

    start: datetime
    end: datetime


def latest(window: Window, at: datetime) -> Occurrence | None:
    """The window's last beginning at or before that moment; None if there is none."""
    local = at.astimezone(_zone(window)).replace(microsecond=0)
    clock = _before(window, local.replace(tzinfo=None, fold=0) + _HOUR * local.fold)
    while clock and (span := _span(window, clock)).start > at:
        clock = _before(window, clock - timedelta(seconds=1))
    return span if clock else None


def following(window: Window, at: datetime) -> Occurrence | None:
    """The window's first beginning after that moment; None if there is none."""
    local = at.astimezone(_zone(window)).replace(tzinfo=None, fold=0, microsecond=0)
    clock = _after(window, local - _HOUR)
    while clock and (span := _span(window, clock)).start <= at:
        clock = _after(window, clock)
    return span if clock else None


def problem(window: Window) -> str | None:
    """Why the window is not valid, or None."""
    try:
        zoneinfo.ZoneInfo(window.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return f"there is no time zone {window.timezone}"
    if window.duration < timedelta(minutes=1):
        return "a window lasts for a minute at least"
    try:
        first = _after(window, (window.start or FIRST) - _HOUR)
    except (ValueError, KeyError, TypeError) as error:  # the library reports wrong cron lines as ValueErrors, too
        return f"can't be understood: {error}"
    return None if first else "it never comes"


def _span(window: Window, clock: datetime) -> Occurrence:
    zone = _zone(window)
    start = clock.replace(tzinfo=zone).astimezone(UTC)
    end = (clock + window.duration).replace(tzinfo=zone, fold=1).astimezone(UTC)
    return Occurrence(start=start, end=end if end > start else start + window.duration)


def _before(window: Window, clock: datetime) -> datetime | None:
    """The last beginning at or before that time, on the clock."""
    if window.cron is not None:
        return _cron(window.cron, clock + timedelta(seconds=1), back=True)
    moment: datetime | None = _rule(window).before(clock, inc=True)
    return moment


def _after(window: Window, clock: datetime) -> datetime | None:
    """The first beginning after that time, on the clock."""
    if window.cron is not None:
        return _cron(window.cron, clock, back=False)
    moment: datetime | None = _rule(window).after(clock)
    return moment


def _cron(line: str, clock: datetime, *, back: bool) -> datetime | None:
    from croniter import CroniterBadDateError, croniter  # here and below: few need it, and loading is slow

    schedule = croniter(line, clock)
    try:
        given: datetime = schedule.get_prev(datetime) if back else schedule.get_next(datetime)
    except CroniterBadDateError:
        return None
    return given


@functools.lru_cache(maxsize=512)
def _parsed(text: str, start: datetime) -> rrule.rrule:
    """The parsed rule, which caches its occurrences, so that later calls are quick."""
    from dateutil import rrule

    ends = "UNTIL=" in text or "COUNT=" in text
    bounded = text if ends else f"{text};UNTIL={start.year + _LOOKED_AHEAD}0101T000000"
    rule = rrule.rrulestr(bounded, dtstart=start, cache=True)
    if not isinstance(rule, rrule.rrule) or rule._freq > rrule.DAILY:  # noqa: SLF001 - it has no other name
        raise ValueError("FREQ is YEARLY, MONTHLY, WEEKLY or DAILY; a cron line is for what comes more often")
    return rule


def _rule(window: Window) -> rrule.rrule:
    assert window.rrule is not None, "a window begins by one or the other"
    return _parsed(window.rrule, window.start or FIRST)


def _zone(window: Window) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(window.timezone)
