"""Chooses the runs that get a free slot next: the app with the fewest comes first, within its share. Pure.

Max-min fairness: among waiting apps, the one with the fewest slots is served first; equal ones by age. A share reserves
slots that others find free at once, because a run that has begun is never ended for another.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Queued:
    """A run that waits for a slot."""

    run: str
    app: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Slots:
    """The limits of concurrent runs."""

    all: int
    per_app: int
    """The share: the most slots of one app."""


def share(slots: int, given: int | None) -> int:
    """The most slots of one app: the operators' value, or all but one; never more than all."""
    return min(slots, given or max(1, slots - 1))


def next_runs(queue: Sequence[Queued], running: Mapping[str, int], slots: Slots) -> tuple[str, ...]:
    """The runs that begin now, in order. `queue` has the oldest first; `running` counts runs by app."""
    held = Counter(running)
    waiting: dict[str, deque[tuple[int, str]]] = {}
    for age, queued in enumerate(queue):
        waiting.setdefault(queued.app, deque()).append((age, queued.run))
    chosen: list[str] = []
    for _ in range(slots.all - sum(running.values())):
        mays = [app for app, runs in waiting.items() if runs and held[app] < slots.per_app]
        if not mays:
            break
        app = min(mays, key=lambda app: (held[app], waiting[app][0]))
        chosen.append(waiting[app].popleft()[1])
        held[app] += 1
    return tuple(chosen)
