"""Formations and release groups, as frozen values. Times are aware UTC. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sealane.destinations.model import Inventory


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseGroupRow:
    """Several formations that a run's release reaches together or not at all."""

    id: str
    app: str
    run_id: str
    formations: tuple[str, ...]
    """The formations, in the order in which they move."""
    parallel: bool
    """Whether they move side by side instead."""
    created: datetime
    settled: datetime | None = None
    """When all of them had ended, rollbacks included."""
    outcome: str | None = None
    """Its result, in a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """What a formation still has at a destination that it left."""

    environment: str
    destination: str
    namespace: str
    inventory: Inventory


@dataclass(frozen=True, kw_only=True, slots=True)
class Formation:
    """What the server knows of one app's formation."""

    app: str
    formation: str
    environment: str
    destination: str
    namespace: str
    epoch: int
    last_sequence: int
    """The highest sequence that was ever started here."""
    current_id: str | None
    """The current deployment, good or not."""
    verified_id: str | None
    """The last verified deployment."""
    inventory: Inventory
    """Its objects at its destination."""
    behind: tuple[Behind, ...] = ()
    """Its objects at destinations that it left."""
    requests: Mapping[str, float] | None
    """Requests of the cluster, summed: `cpu` in cores, `memory` in bytes."""
    startup: float | None
    """Seconds the last verified revision took to become ready."""
