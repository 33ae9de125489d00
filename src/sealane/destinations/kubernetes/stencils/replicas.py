"""Changes a workload's number of replicas, or has all of them replaced. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime
from typing import Any

RESTARTED = "sealane.dev/restarted"
"""An annotation of pods: when somebody restarted them."""
_KINDS = {"Deployment", "StatefulSet"}
_RESTARTED = {*_KINDS, "DaemonSet"}


def scaled(manifest: Mapping[str, Any], instances: int) -> dict[str, Any] | None:
    """The object with that many instances; None for kinds that can't be scaled."""
    if manifest.get("kind") not in _KINDS:
        return None
    changed = copy.deepcopy(dict(manifest))
    changed["spec"]["replicas"] = instances
    return changed


def restarted(manifest: Mapping[str, Any], at: datetime) -> dict[str, Any] | None:
    """The object with pods of a new version as of that time; None for kinds that keep no pods alive."""
    return _annotated(manifest, at.isoformat(timespec="milliseconds"))


def restarted_as(manifest: Mapping[str, Any], former: Mapping[str, Any]) -> dict[str, Any] | None:
    """The object with the restart time of a former one's pods; None if nobody restarted those."""
    if former.get("kind") not in _RESTARTED:
        return None
    metadata = former["spec"]["template"].get("metadata") or {}
    at = (metadata.get("annotations") or {}).get(RESTARTED)
    return _annotated(manifest, at) if at else None


def _annotated(manifest: Mapping[str, Any], at: str) -> dict[str, Any] | None:
    if manifest.get("kind") not in _RESTARTED:
        return None
    changed = copy.deepcopy(dict(manifest))
    metadata = changed["spec"]["template"].setdefault("metadata", {})
    metadata["annotations"] = {**(metadata.get("annotations") or {}), RESTARTED: at}
    return changed
