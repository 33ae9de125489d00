"""What keeps a deployment from beginning, and from when to when: facts that are noted as they are seen. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Waits(StrEnum):
    """What is waited for."""

    OPERATORS = "operators"  # operators whose files do not allow it any more
    APPROVAL = "approval"
    HOLD = "hold"
    WINDOW = "window"
    GATE = "gate"  # a person's word on an inconclusive gate
    RELEASE_GROUP = "release_group"  # what goes with it
    EARLIER = "earlier"  # what must be deployed first
    TURN = "turn"  # another deployment to the same formation
    ROOM = "room"  # other runs
    WORKER = "worker"  # none is alive


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """One thing that stood in the way of a deployment."""

    kind: Waits
    since: datetime
    until: datetime | None = None
    """None while it does."""


def standing(waits: Iterable[Wait]) -> frozenset[Waits]:
    """What stands in the way now."""
    return frozenset(wait.kind for wait in waits if wait.until is None)


def noted(waits: Iterable[Wait], kinds: Iterable[Waits], at: datetime) -> tuple[Wait, ...]:
    """The waits once it is seen what stands in the way now: what does not any more has ended, what is new begins."""
    wanted = set(kinds)
    known = tuple(
        wait if wait.until is not None or wait.kind in wanted else replace(wait, until=max(wait.since, at))
        for wait in waits
    )
    return (*known, *(Wait(kind=kind, since=at) for kind in sorted(wanted - standing(known))))
