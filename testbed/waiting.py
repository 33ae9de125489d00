"""Waiting for a condition, with a deadline and never for luck."""

from __future__ import annotations

import time
from collections.abc import Callable

from testbed.errors import BedError


def until(condition: Callable[[], bool], *, within: float, missed: Callable[[], str]) -> float:
    """Return the seconds it took for `condition` to hold, or raise what `missed` says after `within` seconds."""
    begun = time.monotonic()
    pause = 0.02
    while not condition():
        if time.monotonic() - begun > within:
            raise BedError(missed())
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
    return time.monotonic() - begun
