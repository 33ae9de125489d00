"""The outcome of a run's deliveries, of each and of all together. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class DeliveryOutcome(StrEnum):
    """How far a delivery is, or how it ended: a deployment's verdict, else its state."""

    WAITING = "waiting"
    QUEUED = "queued"
    ROLLING_OUT = "rolling_out"
    DEPLOYED = "deployed"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    UNPROVEN = "unproven"
    CANCELLED = "cancelled"

    @property
    def words(self) -> str:
        """The outcome as people read it."""
        return self.value.replace("_", " ")


BAD = frozenset(
    {
        DeliveryOutcome.ROLLBACK_FAILED,
        DeliveryOutcome.FAILED,
        DeliveryOutcome.ROLLED_BACK,
        DeliveryOutcome.UNPROVEN,
    }
)
"""The release is not where it should have gone, or nobody can tell."""
OPEN = frozenset({DeliveryOutcome.WAITING, DeliveryOutcome.QUEUED, DeliveryOutcome.ROLLING_OUT})
"""It is not over."""
_STRONGEST = (
    DeliveryOutcome.ROLLBACK_FAILED,
    DeliveryOutcome.FAILED,
    DeliveryOutcome.ROLLED_BACK,
    DeliveryOutcome.UNPROVEN,
    DeliveryOutcome.ROLLING_OUT,
    DeliveryOutcome.QUEUED,
    DeliveryOutcome.WAITING,
    DeliveryOutcome.CANCELLED,
    DeliveryOutcome.SUPERSEDED,
    DeliveryOutcome.DEPLOYED,
)


def stronger(state: DeliveryOutcome) -> tuple[DeliveryOutcome, ...]:
    """The outcomes that count more than this one for all deliveries together."""
    return _STRONGEST[: _STRONGEST.index(state)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """The outcome of one delivery of a run."""

    formation: str
    deployment: str
    """The deployment's id."""
    page: str
    """The path of its page, from the server's address."""
    state: DeliveryOutcome
    sentence: str
    hint: str = ""
    """How to deploy it after all, where it ended without being there."""
    short: str = ""
    """The same without the names of the app and the formation: `rolled back: …`, `waits for …`."""


def fold(states: Iterable[DeliveryOutcome]) -> DeliveryOutcome | None:
    """The outcome of all: failures count most, then open ones. `deployed` only where all are."""
    outcomes = set(states)
    return next((state for state in _STRONGEST if state in outcomes), None)
