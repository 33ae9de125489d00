"""Time as the stand-in has it: moved by hand, by each poll, or faster than the real one."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

BEGAN = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


class VirtualClock:
    """`manual` stands still, `per_poll` moves by `step` seconds with every read, `scaled` runs `step` times as fast."""

    def __init__(self, mode: str = "manual", step: float = 1.0) -> None:
        assert mode in {"manual", "per_poll", "scaled"}, mode
        self.mode, self.step = mode, step
        self._past = timedelta()
        self._real = time.monotonic()

    def now(self) -> datetime:
        """What time it is."""
        ran = timedelta(seconds=(time.monotonic() - self._real) * self.step) if self.mode == "scaled" else timedelta()
        return BEGAN + self._past + ran

    def advance(self, seconds: float) -> None:
        """Lets time go by."""
        self._past += timedelta(seconds=seconds)

    def polled(self) -> None:
        """A read came."""
        if self.mode == "per_poll":
            self.advance(self.step)
