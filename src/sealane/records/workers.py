"""Workers, as known by their heartbeats. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerRow:
    """A worker as known by its heartbeats."""

    id: str
    host: str
    beats: int
    """Counts heartbeats, so that new ones are noticed even when clocks of machines differ."""
    started: datetime
    beat: datetime
    dead: datetime | None
