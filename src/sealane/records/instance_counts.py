"""The number of instances of a deployment over time, old and new. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sealane.verdicts.model import Observation

MOST = 400
"""Counts that are kept per deployment; beyond that, every other one is dropped."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InstanceCount:
    """The number of instances from then on, of all its workloads together."""

    at: datetime
    ready: int
    """Ready instances of the new version."""
    updated: int
    """All instances of the new version, ready or not."""
    old: int
    """Instances of other versions, those beside a canary or a new color included; in a rollback, of the failed one."""
    back: bool = False
    """Whether the new version is the previous one again, because of a rollback."""


def seen(observation: Observation, *, back: bool) -> InstanceCount | None:
    """The count in an observation; None without instances, and while observing is not possible."""
    running = [workload for workload in observation.running if not workload.one_shot]
    if not running or observation.blind_since:
        return None
    return InstanceCount(
        at=observation.at,
        ready=sum(workload.ready for workload in running),
        updated=sum(workload.updated for workload in running),
        old=sum(workload.old for workload in running) + observation.beside,
        back=back,
    )


def noted(counts: Sequence[InstanceCount], newest: InstanceCount) -> tuple[InstanceCount, ...]:
    """The counts with a new one added, if it differs from the last."""
    if counts and replace(newest, at=counts[-1].at) == counts[-1]:
        return tuple(counts)
    thinned = tuple(counts) if len(counts) < MOST else tuple(counts[::2])
    return (*thinned, newest)
