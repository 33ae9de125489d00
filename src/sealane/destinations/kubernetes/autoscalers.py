"""Which workloads are scaled by autoscalers among some objects, so that stencils don't set their number of instances. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sealane.destinations import model

Manifest = Mapping[str, Any]

_LEAST = ("minReplicas", "minReplicaCount")
_MOST = ("maxReplicas", "maxReplicaCount")


_GROUPS = ("autoscaling", "keda.sh")


def is_one(ref: model.ObjectRef) -> bool:
    """Whether its kind sets the number of instances of others."""
    return ref.group in _GROUPS


def target(manifest: Manifest) -> str | None:
    """`Kind/name` of the object's scaling target, whatever its own kind; None if it scales nothing.

    Source: `scaleTargetRef` of HorizontalPodAutoscaler, and of custom autoscalers, which may omit the kind.
    """
    spec = manifest.get("spec")
    reference = spec.get("scaleTargetRef") if isinstance(spec, Mapping) else None
    if not isinstance(reference, Mapping) or not reference.get("name"):
        return None
    return f"{reference.get('kind', 'Deployment')}/{reference['name']}"


def of(objects: Iterable[Manifest]) -> dict[str, Manifest]:
    """`Kind/name` of each scaled workload, with its autoscaler."""
    return {name: manifest for manifest in objects if (name := target(manifest))}


def within(autoscaler: Manifest, number: int) -> int:
    """The number of instances, kept within the autoscaler's own limits."""
    least, most = _limit(autoscaler, _LEAST), _limit(autoscaler, _MOST)
    number = number if most is None else min(number, most)
    return number if least is None else max(number, least)


def _limit(autoscaler: Manifest, names: Iterable[str]) -> int | None:
    spec = autoscaler.get("spec") or {}
    limits = (spec.get(name) for name in names)
    return next((limit for limit in limits if isinstance(limit, int)), None)
