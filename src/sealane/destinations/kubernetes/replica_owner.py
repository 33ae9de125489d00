"""Who sets the number of replicas. Pure: reads the managed fields of a live object.

If a live autoscaler has set it, a stencil's number is left out: a deployment must not move the load to fewer
pods. A deleted autoscaler does not count any more.
If an autoscaler exists but has not changed the number yet, a stencil's may raise it, and never lowers it.
If a stencil no longer sets a number (because an autoscaler will), the live one stays: if an apply left it out, it would
fall back to 1 before the autoscaler can act.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealane.clients.kubernetes import kinds


def was_autoscaled(live: Mapping[str, Any]) -> bool:
    """Whether an autoscaler once set the number of replicas, by the records."""
    return _sets_replicas(live, "kube-controller-manager", "scale")


def scaled(
    manifest: Mapping[str, Any], live: Mapping[str, Any], *, autoscaled: bool, followed: bool = False
) -> Mapping[str, Any]:
    """The manifest with the replicas to apply to the live object.

    `autoscaled` says whether a live autoscaler scales it, `followed` whether one of the same deployment does.
    """
    spec = manifest.get("spec")
    if not isinstance(spec, Mapping) or "replicas" not in (live.get("spec") or {}):
        return manifest
    if autoscaled and was_autoscaled(live):
        return {**manifest, "spec": {key: value for key, value in spec.items() if key != "replicas"}}
    if followed and "replicas" in spec:
        return {**manifest, "spec": {**spec, "replicas": max(int(spec["replicas"]), int(live["spec"]["replicas"]))}}
    if "replicas" not in spec and _sets_replicas(live, kinds.MANAGER, ""):
        return {**manifest, "spec": {**spec, "replicas": live["spec"]["replicas"]}}
    return manifest


def adds(manifest: Mapping[str, Any], scaled: Mapping[str, Any]) -> bool:
    """Whether the live number is applied, although the manifest no longer sets one."""
    return "replicas" in (scaled.get("spec") or {}) and "replicas" not in (manifest.get("spec") or {})


def _sets_replicas(live: Mapping[str, Any], manager: str, subresource: str) -> bool:
    return any(
        entry.get("manager") == manager
        and (entry.get("subresource") or "") == subresource
        and "f:replicas" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
        for entry in live["metadata"].get("managedFields") or ()
    )
