"""Replicas of a workload: the same with another number of them. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

_KINDS = {"Deployment", "StatefulSet"}


def scaled(manifest: Mapping[str, Any], instances: int) -> dict[str, Any] | None:
    """The object with that many instances; None for one that nobody scales."""
    if manifest.get("kind") not in _KINDS:
        return None
    changed = copy.deepcopy(dict(manifest))
    changed["spec"]["replicas"] = instances
    return changed
