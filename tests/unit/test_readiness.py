"""Workers count as dead when their heartbeats stand still by our own clock, as for those who take over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sealane.records.workers import WorkerRow
from sealane.server.readiness import Readiness

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


def row(worker: str, beats: int, *, dead: bool = False) -> WorkerRow:
    return WorkerRow(
        id=worker,
        host="h",
        beats=beats,
        started=LONG_AGO,
        beat=LONG_AGO,  # whatever other machines take for the time
        dead=LONG_AGO + timedelta(days=1) if dead else None,
    )


class Watch:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("silent_after", [3.0, 60.0])
def test_a_worker_lives_as_long_as_it_beats(silent_after: float) -> None:
    watch = Watch()
    readiness = Readiness(silent_after=silent_after, clock=watch)
    for beats in range(5):
        assert readiness.silent([row("a", beats)], own="a") is None
        watch.now += silent_after * 0.9
    watch.now += silent_after * 0.2
    assert readiness.silent([row("a", 4)], own="a") == "no worker is alive"
    assert readiness.silent([row("a", 4), row("b", 1)], own="a") == "this process's worker is not alive"
    assert readiness.silent([row("a", 4), row("b", 1)], own=None) is None
    assert readiness.silent([row("a", 5)], own="a") is None, "it woke up, and nobody had declared it dead"


def test_a_worker_declared_dead_is_dead_though_it_beats() -> None:
    readiness = Readiness(silent_after=60)
    assert readiness.silent([row("a", 1, dead=True)], own=None) == "no worker is alive"
    assert readiness.silent([], own=None) == "no worker is alive"
