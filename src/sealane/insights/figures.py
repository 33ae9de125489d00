"""Figures of counted deployments: the definition that the store's SQL must match. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from sealane.insights.definitions import Counted
from sealane.insights.model import Figures


def figures(counted: Iterable[Counted], days: float) -> Figures:
    """The four figures."""
    changes = [change for change in counted if change.deployed or change.failed]
    leads = [change.lead_time for change in changes if change.lead_time is not None]
    restored = [change.restored for change in changes if change.failed and change.restored is not None]
    return Figures(
        days=days,
        changes=len(changes),
        deployments=sum(change.deployed for change in changes),
        failed=sum(change.failed for change in changes),
        lead_times=len(leads),
        lead_time=percentile(leads, 50),
        lead_time_p95=percentile(leads, 95),
        restored=len(restored),
        time_to_restore=percentile(restored, 50),
    )


def percentile(values: Sequence[float], hundredths: int) -> float | None:
    """The nearest-rank percentile: the smallest value that at least so many of 100 don't exceed. None without values."""
    if not values:
        return None
    return ranked(sorted(values), hundredths)


def ranked(values: Sequence[float], hundredths: int) -> float:
    """The percentile of sorted values; needs at least one."""
    return values[max(math.ceil(len(values) * hundredths / 100), 1) - 1]
