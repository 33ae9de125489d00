"""Workers, as their heartbeats tell. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerRow:
    """A worker as its heartbeats tell."""

    id: str
    host: str
    beats: int
    """Counts heartbeats, so that two machines need not agree on the time to see whether there are new ones."""
    started: datetime
    beat: datetime
    dead: datetime | None
