"""Formations, as frozen values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sealane.destinations.model import Inventory


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
