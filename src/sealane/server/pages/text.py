"""Times and amounts in words, as a person would say them. Pure."""

from __future__ import annotations

from datetime import datetime

_UNITS = (("day", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def ago(seconds: float) -> str:
    """`just now`, `40 s ago`, `6 min ago`, `yesterday`, `3 days ago`."""
    if seconds < 2:
        return "just now"
    unit, size = next(step for step in _UNITS if seconds >= step[1])
    count = int(seconds // size)
    if unit == "day":
        return "yesterday" if count == 1 else f"{count} days ago"
    return f"{count} {unit} ago"


def duration(seconds: float) -> str:
    """`0 s`, `0.4 s`, `48 s`, `2 min 40 s`, `1 h 5 min`, `3 days`."""
    if seconds < 0.05:
        return "0 s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3_600:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    if seconds < 172_800:
        hours, rest = divmod(round(seconds / 60), 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{seconds / 86_400:.0f} days"


def count(number: int, singular: str, many: str = "") -> str:
    """`1 image`, `2 images`."""
    return f"{number} {singular if number == 1 else many or singular + 's'}"


def moment(at: datetime) -> str:
    """A moment in UTC as addresses have it: `2026-11-01`, `2026-11-01T12:30:00Z`."""
    whole_day = (at.hour, at.minute, at.second) == (0, 0, 0)
    return at.strftime("%Y-%m-%d" if whole_day else "%Y-%m-%dT%H:%M:%SZ")
