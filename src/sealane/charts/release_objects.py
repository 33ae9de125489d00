"""A Helm release as objects: the Release itself, and the objects that Helm writes for it. Pure.

A Release stands among a revision's objects as `{apiVersion: helm.sh/v1, kind: Release}`, so that policies, approvals and
differences see it; no cluster has that kind. Its objects stand beside it, with the label and annotations that Helm gives
to what it manages: https://helm.sh/docs/faq/changes_since_helm2/#improved-upgrade-strategy-3-way-strategic-merge-patches
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sealane import hashing

API_VERSION, KIND = "helm.sh/v1", "Release"
MANAGED_BY, HELM = "app.kubernetes.io/managed-by", "Helm"
NAME, NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"

Manifest = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseParts:
    """A Release and the objects that Helm writes for it."""

    release: Manifest
    members: tuple[Manifest, ...]

    @property
    def name(self) -> str:
        """The release's name."""
        return str(self.release["metadata"]["name"])

    @property
    def content(self) -> str:
        """The hash of all that Helm is given."""
        return hashing.content_id([self.release, *self.members])


def release(
    name: str, chart: Mapping[str, str | None], values: Mapping[str, Any], *, history_max: int
) -> dict[str, Any]:
    """The Release of a chart; `chart` is its name, version and appVersion."""
    about = {key: value for key, value in chart.items() if value}
    spec = {"chart": about, "values": dict(values), "historyMax": history_max}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name}, "spec": spec}


def member(value: Any, name: str, namespace: str) -> Any:
    """The rendered object as Helm writes it, or each of a list; what is no object is returned unchanged."""
    if isinstance(value, dict) and str(value.get("kind")).endswith("List") and isinstance(value.get("items"), list):
        return {**value, "items": [member(item, name, namespace) for item in value["items"]]}
    metadata = value.get("metadata") if isinstance(value, dict) else None
    if not isinstance(metadata, dict):
        return value
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    if not isinstance(labels, dict) or not isinstance(annotations, dict):
        return value
    whole = {
        **metadata,
        "labels": {**labels, MANAGED_BY: HELM},
        "annotations": {**annotations, NAME: name, NAMESPACE: namespace},
    }
    return {**value, "metadata": whole}


def is_release(manifest: Manifest) -> bool:
    """Whether it is a Release."""
    return (manifest.get("apiVersion"), manifest.get("kind")) == (API_VERSION, KIND)


def names(manifests: Iterable[Manifest]) -> frozenset[str]:
    """The names of all Releases among the objects."""
    return frozenset(str(manifest["metadata"]["name"]) for manifest in manifests if is_release(manifest))


def release_of(manifest: Manifest) -> str | None:
    """The release that the object says it belongs to."""
    metadata = manifest.get("metadata") or {}
    return release_named(metadata.get("labels") or {}, metadata.get("annotations") or {})


def release_named(labels: Mapping[str, Any], annotations: Mapping[str, Any]) -> str | None:
    """The release that an object with these labels and annotations belongs to."""
    name = annotations.get(NAME) if labels.get(MANAGED_BY) == HELM else None
    return None if name is None else str(name)


def parted(manifests: Iterable[Manifest]) -> tuple[tuple[Manifest, ...], tuple[ReleaseParts, ...]]:
    """The objects that are no release's, and each release with its own."""
    every = tuple(manifests)
    known = names(every)
    plain = tuple(manifest for manifest in every if not is_release(manifest) and release_of(manifest) not in known)
    releases = tuple(
        ReleaseParts(
            release=manifest,
            members=tuple(other for other in every if release_of(other) == str(manifest["metadata"]["name"])),
        )
        for manifest in every
        if is_release(manifest)
    )
    return plain, releases
