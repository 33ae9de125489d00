"""Replicas of a workload: the same with another number of them, or with all of them made anew. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime
from typing import Any

RESTARTED = "sealane.dev/restarted"
"""An annotation of pods: when somebody had them made anew."""
_KINDS = {"Deployment", "StatefulSet"}
_RESTARTED = {*_KINDS, "DaemonSet"}


def scaled(manifest: Mapping[str, Any], instances: int) -> dict[str, Any] | None:
    """The object with that many instances; None for one that nobody scales."""
    if manifest.get("kind") not in _KINDS:
        return None
    changed = copy.deepcopy(dict(manifest))
    changed["spec"]["replicas"] = instances
    return changed


def restarted(manifest: Mapping[str, Any], at: datetime) -> dict[str, Any] | None:
    """The object whose pods are of another version since then; None for one that keeps none alive."""
    return _annotated(manifest, at.isoformat(timespec="milliseconds"))


def restarted_as(manifest: Mapping[str, Any], former: Mapping[str, Any]) -> dict[str, Any] | None:
    """The object whose pods are of the version since which those of a former one are; None where nobody restarted that."""
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
