"""The order in which kinds of Kubernetes are deleted, and which kinds hold data or other objects. Pure."""

from __future__ import annotations

from sealane.destinations import deletions
from sealane.destinations.kubernetes import apply_order

POLICY = "helm.sh/resource-policy"
"""Helm's annotation: objects with `keep` outlive the release that created them."""


def _stays(live: deletions.LiveObject) -> str | None:
    return f"its annotation {POLICY} says keep" if live.annotations.get(POLICY, "").strip() == "keep" else None


KINDS = deletions.Kinds(
    rank=lambda ref: apply_order.phase(ref.group, ref.kind),
    stays=_stays,
    precious={
        ("", "PersistentVolumeClaim"): "it holds data",
        ("", "PersistentVolume"): "it holds data",
        ("", "Namespace"): "everything in it would go with it",
        ("apiextensions.k8s.io", "CustomResourceDefinition"): "all objects of its kind would go with it",
    },
)
