"""Tells metric stores how a deployment ended. Nothing depends on it: an unreachable store gives a line, no failure.

Idempotent as far as the stores are: the time is the verdict's, so InfluxDB overwrites the same point.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sealane.adapters import SHIPPED, Adapters
from sealane.clients.metric_stores import markers
from sealane.deployments import messages
from sealane.deployments.metric_stores.port import MetricStore, StoreAccess
from sealane.destinations.model import Identity
from sealane.egress import Allowlist
from sealane.environments import egress_allowlist
from sealane.errors import Refused, SealaneError
from sealane.formations.graph_annotations import Annotation
from sealane.secrets.masking import Masker
from sealane.verdicts.model import Verdict, VerdictKind


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkerContext:
    """What telling the stores needs."""

    secret: Callable[[str], Awaitable[str]]
    """Resolves a reference of a secret, inside the step that asks."""
    tell: Callable[[str], None]
    allowed: Allowlist | None = None
    """What may be asked; None on a person's own machine: anything."""
    adapters: Adapters = SHIPPED


async def annotate(annotations: Sequence[Annotation], identity: Identity, verdict: Verdict, how: MarkerContext) -> None:
    """Tells each store, one after the other."""
    marker = words(identity, verdict)
    for annotation in annotations:
        keys: dict[str, str] = {}
        try:
            if problem := egress_allowlist.refused(annotation.url, how.allowed.hosts if how.allowed else None):
                raise Refused(problem)
            keys = {name: await how.secret(reference) for name, reference in annotation.keys.items()}
            store = how.adapters.metric_stores.get(annotation.board, MetricStore)
            await store.tell(annotation, marker, StoreAccess(keys=keys, now=marker.at, allowed=how.allowed))
        except SealaneError as error:
            message = Masker.of(keys.values()).whole(error.message)  # a store's answer may repeat its credentials
            how.tell(f"{annotation.name} was not told how it ended: {message}")
        else:
            how.tell(f"{annotation.name} was told how it ended")


def words(identity: Identity, verdict: Verdict) -> markers.Marker:
    """The text that stores are told. Pure."""
    kind = verdict.kind.value.replace("_", " ")
    return markers.Marker(
        title=f"{identity.app} #{identity.sequence} to {identity.formation}: {kind}",
        text=verdict.reason,
        labels={
            "app": identity.app,
            "formation": identity.owner,
            "revision": messages.short(identity.revision),
            "verdict": verdict.kind.value,
        },
        good=verdict.kind is VerdictKind.DEPLOYED,
        at=verdict.at,
    )
