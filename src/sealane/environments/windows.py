"""Windows: whether a deployment may begin now, and when that changes. Pure: takes the time and the operators' windows.

Denying windows take precedence over allowing ones. If there are allowing windows, all other time is shut; otherwise, it is
open. Only beginnings matter: a rollout that runs when a window shuts goes on to its verdict, including a rollback.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sealane.environments import recurrence
from sealane.environments.model import Window, Windows

_STEPS = 1000
"""Most changes that are searched for the next opening; with more, it counts as shut for good."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowStatus:
    """Whether it is open, the deciding window, and when that changes; None if unknown."""

    open: bool
    reason: str = ""
    """Why it is shut, in the operators' words; empty when it is open."""
    timezone: str = "UTC"
    """The time zone to show times in."""
    changes: datetime | None = None
    """When it opens or shuts."""
    break_glass: tuple[str, ...] = ()
    """Groups whose members may still let a deployment through."""

    @property
    def when(self) -> str | None:
        """When that changes, on the clock of the operators' zone: `Mon 2026-11-23 09:00 Europe/Paris`."""
        if self.changes is None:
            return None
        return f"{self.changes.astimezone(zoneinfo.ZoneInfo(self.timezone)):%a %Y-%m-%d %H:%M} {self.timezone}"


OPEN = WindowStatus(open=True)
"""The status without windows."""


def outlook(windows: Windows, app: str, at: datetime) -> WindowStatus:
    """The status for the app at that moment."""
    allow, deny = _about(windows.allow, app), _about(windows.deny, app)
    shutting = _shut_by(deny, at) or (None if not allow or _inside(allow, at) else _next(allow, at) or allow[0])
    if shutting is None:
        first = next(iter((*allow, *deny)), None)
        return WindowStatus(open=True, changes=_shuts(allow, deny, at), timezone=first.timezone if first else "UTC")
    by_denial = shutting in deny
    return WindowStatus(
        open=False,
        reason=shutting.reason if by_denial else f"outside of {shutting.reason}",
        timezone=shutting.timezone,
        changes=_opens(allow, deny, at),
        break_glass=windows.break_glass,
    )


def _about(listed: Iterable[Window], app: str) -> tuple[Window, ...]:
    return tuple(window for window in listed if not window.apps or app in window.apps)


def _inside(listed: Iterable[Window], at: datetime) -> list[datetime]:
    """The ends of the windows that are active at that moment."""
    spans = (recurrence.latest(window, at) for window in listed)
    return [span.end for span in spans if span and span.end > at]


def _starts(listed: Iterable[Window], at: datetime) -> list[datetime]:
    spans = (recurrence.following(window, at) for window in listed)
    return [span.start for span in spans if span]


def _shut_by(deny: Iterable[Window], at: datetime) -> Window | None:
    """The denying window that lasts longest."""
    on = [(ends[0], index, window) for index, window in enumerate(deny) if (ends := _inside((window,), at))]
    return max(on)[2] if on else None


def _next(allow: Iterable[Window], at: datetime) -> Window | None:
    """The next allowing window."""
    coming = [(starts[0], index, window) for index, window in enumerate(allow) if (starts := _starts((window,), at))]
    return min(coming)[2] if coming else None


def _opens(allow: tuple[Window, ...], deny: tuple[Window, ...], at: datetime) -> datetime | None:
    """The first open moment: each step jumps to the end of what shuts it."""
    for _ in range(_STEPS):
        if ends := _inside(deny, at):
            at = max(ends)
        elif allow and not _inside(allow, at):
            starts = _starts(allow, at)
            if not starts:
                return None
            at = min(starts)
        else:
            return at
    return None


def _shuts(allow: tuple[Window, ...], deny: tuple[Window, ...], at: datetime) -> datetime | None:
    """The first shut moment: when a denial begins, or when the last allowing window ends."""
    denied = min(_starts(deny, at), default=None)
    if not allow:
        return denied
    until = at
    for _ in range(_STEPS):
        if not (ends := _inside(allow, until)):
            return until if denied is None else min(until, denied)
        until = max(ends)
        if denied is not None and denied <= until:
            return denied
    return denied
