"""What became of a run's deliveries: each of them, and all taken together. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Delivered(StrEnum):
    """How far a delivery is, or how it ended: a deployment's verdict, else its state."""

    WAITING = "waiting"
    QUEUED = "queued"
    ROLLING_OUT = "rolling_out"
    DEPLOYED = "deployed"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"

    @property
    def words(self) -> str:
        """As people read it."""
        return self.value.replace("_", " ")


BAD = frozenset({Delivered.ROLLBACK_FAILED, Delivered.FAILED, Delivered.ROLLED_BACK})
"""The release is not where it should have gone."""
OPEN = frozenset({Delivered.WAITING, Delivered.QUEUED, Delivered.ROLLING_OUT})
"""It is not over."""
_STRONGEST = (
    Delivered.ROLLBACK_FAILED,
    Delivered.FAILED,
    Delivered.ROLLED_BACK,
    Delivered.ROLLING_OUT,
    Delivered.QUEUED,
    Delivered.WAITING,
    Delivered.CANCELLED,
    Delivered.SUPERSEDED,
    Delivered.DEPLOYED,
)


def stronger(state: Delivered) -> tuple[Delivered, ...]:
    """The states that count more than this one where deliveries are taken together."""
    return _STRONGEST[: _STRONGEST.index(state)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """What became of one delivery of a run."""

    formation: str
    deployment: str
    """The deployment's id."""
    page: str
    """Where it is told in full, from the server's address."""
    state: Delivered
    sentence: str
    mend: str = ""
    """How to get it out, where it ended without being there."""
    short: str = ""
    """The same without the names of the app and the formation: `rolled back: …`, `waits for …`."""


def fold(states: Iterable[Delivered]) -> Delivered | None:
    """All of them as one: what went wrong counts most, then what still goes on. `deployed` only where all are."""
    found = set(states)
    return next((state for state in _STRONGEST if state in found), None)
