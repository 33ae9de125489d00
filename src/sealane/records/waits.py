"""What a deployment waits for, and from when to when, noted as it is seen. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Waits(StrEnum):
    """What a deployment can wait for."""

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
    """One thing that a deployment waited for."""

    kind: Waits
    since: datetime
    until: datetime | None = None
    """When the wait ended; None while it lasts."""


def standing(waits: Iterable[Wait]) -> frozenset[Waits]:
    """What it waits for now."""
    return frozenset(wait.kind for wait in waits if wait.until is None)


def noted(waits: Iterable[Wait], kinds: Iterable[Waits], at: datetime) -> tuple[Wait, ...]:
    """The waits updated with what is in the way now: other waits end, new ones begin."""
    wanted = set(kinds)
    known = tuple(
        wait if wait.until is not None or wait.kind in wanted else replace(wait, until=max(wait.since, at))
        for wait in waits
    )
    return (*known, *(Wait(kind=kind, since=at) for kind in sorted(wanted - standing(known))))
