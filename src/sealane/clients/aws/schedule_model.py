"""Schedules of EventBridge Scheduler, as values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """One schedule as it is."""

    arn: str
    fields: Mapping[str, Any]
    """What `UpdateSchedule` would take to leave it as it is."""
