"""Workloads at a destination that Sealane did not deploy, and their version. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sealane import inputs
from sealane.destinations import model
from sealane.stencils.objects import kind_of

DEPLOY_TAG = "sealane.dev/deploy-tag"
"""A label of a workload or of its instances, or an annotation of the namespace."""
VERSION = "app.kubernetes.io/version"
"""Kubernetes' own label, used if ours is not set."""
WORKLOADS = frozenset({("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet")})


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """The workloads of a namespace that others than Sealane deployed."""

    version: str
    """From the namespace's annotation, else from the workloads' labels; empty without either. Untrusted text."""
    objects: tuple[Mapping[str, Any], ...]

    @property
    def shape(self) -> tuple[object, ...]:
        """A value that changes with the set of workloads or their versions."""
        return (self.version, *(_key(manifest) for manifest in self.objects))


def of(objects: Iterable[Mapping[str, Any]], annotations: Mapping[str, str]) -> Observed:
    """The observed ones of these workloads; the annotations are the namespace's."""
    workloads = [manifest for manifest in objects if kind_of(manifest) in WORKLOADS and not _is_ours(manifest)]
    workloads.sort(key=_key)
    labelled = sorted({version for manifest in workloads if (version := _version(manifest))})
    version = annotations.get(DEPLOY_TAG) or ", ".join(labelled)
    return Observed(version=inputs.fitted(version), objects=tuple(workloads))


def _version(manifest: Mapping[str, Any]) -> str:
    template = manifest.get("spec", {}).get("template", {}).get("metadata", {})
    labels = [manifest["metadata"].get("labels") or {}, template.get("labels") or {}]
    named = (label.get(key) for key in (DEPLOY_TAG, VERSION) for label in labels)
    return next((str(version) for version in named if version), "")


def _is_ours(manifest: Mapping[str, Any]) -> bool:
    return model.APP in (manifest["metadata"].get("labels") or {})


def _key(manifest: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(manifest["kind"]), str(manifest["metadata"]["name"]), str(manifest["metadata"].get("uid", ""))
