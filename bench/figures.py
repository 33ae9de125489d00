"""What a row of the table says."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line. Times are seconds; of several samples the median counts."""

    work: str
    ours: tuple[float, ...]
    peer: str = ""
    """What it is compared with; empty for a row without a peer."""
    theirs: tuple[float, ...] = ()
    """Empty when the peer was not measured."""
    measured: str = ""
    """The day of a peer's stored figure; empty when it was measured in the same run."""
    wanted_ratio: float | None = None
    wanted_seconds: float | None = None

    @property
    def ratio(self) -> float | None:
        """Our median to theirs."""
        return median(self.ours) / median(self.theirs) if self.theirs else None

    def plain(self) -> dict[str, Any]:
        """For `--json`."""
        theirs = median(self.theirs) if self.theirs else None
        return asdict(self) | {"ratio": self.ratio, "median_ours": median(self.ours), "median_theirs": theirs}


def median(samples: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(samples)


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    begun = time.monotonic()
    work()
    return time.monotonic() - begun
