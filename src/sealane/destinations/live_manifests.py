"""What is there, in the form of a manifest, for destinations whose services have no manifests of their own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sealane.destinations.model import ObjectRef


class Owned(Protocol):
    """Sealane's own record of an object."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Those that name its owner."""
        ...

    @property
    def annotations(self) -> Mapping[str, str]:
        """Those of the deployments that wrote it."""
        ...


def manifest(ref: ObjectRef, record: Owned | None, spec: Mapping[str, Any], *, uid: str) -> dict[str, Any]:
    """An object with the labels and annotations of its record; with none where nobody has recorded it."""
    return {
        "apiVersion": ref.api_version,
        "kind": ref.kind,
        "metadata": {
            "name": ref.name,
            "namespace": ref.namespace,
            "uid": uid,
            "labels": dict(record.labels) if record else {},
            "annotations": dict(record.annotations) if record else {},
        },
        "spec": dict(spec),
    }
