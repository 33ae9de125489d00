"""The port of metric stores: what one is asked by a gate, and told of a deployment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sealane.clients.metric_stores.markers import Marker
from sealane.egress import Allowlist
from sealane.errors import Refused
from sealane.formations.gate_files import MetricStoreShape
from sealane.formations.gates import Query
from sealane.formations.graph_annotations import Annotation


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreAccess:
    """What a store is asked with."""

    keys: Mapping[str, str]
    """The values of its credentials, by their names."""
    now: datetime
    allowed: Allowlist | None = None
    """What may be asked; None on a person's own machine: anything."""


async def _not_asked(query: Query, access: StoreAccess) -> tuple[float, ...]:
    del access
    raise Refused(f"{query.store} can't be asked")


async def _not_told(annotation: Annotation, marker: Marker, access: StoreAccess) -> None:
    del marker, access
    raise Refused(f"{annotation.board} can't be told")


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricStore(MetricStoreShape):
    """One line of the table of metric stores; its key stands in gates and annotations of a formation."""

    ask: Callable[[Query, StoreAccess], Awaitable[tuple[float, ...]]] = _not_asked
    """What the query gives now, a number for each series. Raises Unavailable, and Refused with the store's words."""
    tell: Callable[[Annotation, Marker, StoreAccess], Awaitable[None]] = _not_told
    """Tells it how a deployment ended. Raises Unavailable, and Refused with the store's words."""
