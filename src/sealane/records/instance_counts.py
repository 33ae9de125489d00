"""How many instances a deployment had over time, old and new. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sealane.verdicts.model import Observation

MOST = 400
"""Counts that are kept of a deployment; of more than that, every other one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InstanceCount:
    """How many there were from then on, of all its workloads together."""

    at: datetime
    ready: int
    """Of the version that goes there."""
    updated: int
    """Of that version, those that are not ready with them."""
    old: int
    """Of other versions."""
    back: bool = False
    """Whether the version that goes there is the one before: it is rolled back."""


def seen(observation: Observation, *, back: bool) -> InstanceCount | None:
    """What an observation shows; None of what has no instances, and while nobody can look."""
    running = [workload for workload in observation.running if not workload.one_shot]
    if not running or observation.blind_since:
        return None
    return InstanceCount(
        at=observation.at,
        ready=sum(workload.ready for workload in running),
        updated=sum(workload.updated for workload in running),
        old=sum(workload.old for workload in running),
        back=back,
    )


def noted(counts: Sequence[InstanceCount], newest: InstanceCount) -> tuple[InstanceCount, ...]:
    """With the newest one, where it differs from the last."""
    if counts and replace(newest, at=counts[-1].at) == counts[-1]:
        return tuple(counts)
    kept = tuple(counts) if len(counts) < MOST else tuple(counts[::2])
    return (*kept, newest)
