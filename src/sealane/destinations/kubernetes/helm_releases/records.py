"""The history of a release, as Helm keeps it in Secrets of its namespace. Pure.

Source of the format (JSON, gzip, base64, in a Secret named `sh.helm.release.v1.NAME.vVERSION`, with labels):
https://github.com/helm/helm/tree/v3.22.0/pkg/storage/driver.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import yaml

TYPE = "helm.sh/release.v1"
HOLDER = "sealane.dev/holder"
"""Annotation of a record that this destination's Helm wrote: the formation that it wrote it for. Helm copies labels from one
version to the next, and never annotations: a record that somebody else's Helm wrote has none."""
OWNER = "sealane.dev/owner"
"""Annotation in a release's Chart.yaml: the formation that Helm was given it for."""
CONTENT = "sealane.dev/content"
"""Annotation in a release's Chart.yaml: the hash of all that Helm was given."""
_PATH = re.compile(r"/api/v1/namespaces/[^/]+/secrets/sh\.helm\.release\.v1\.[^/]+")
_LARGEST = 64 * 1024 * 1024


class Status(StrEnum):
    """What Helm says of a version."""

    UNKNOWN = "unknown"
    DEPLOYED = "deployed"
    UNINSTALLED = "uninstalled"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    UNINSTALLING = "uninstalling"
    PENDING_INSTALL = "pending-install"
    PENDING_UPGRADE = "pending-upgrade"
    PENDING_ROLLBACK = "pending-rollback"


UNDER_WAY = frozenset({Status.PENDING_INSTALL, Status.PENDING_UPGRADE, Status.PENDING_ROLLBACK, Status.UNINSTALLING})


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One version of a release."""

    number: int
    status: Status
    owner: str | None = None
    """The formation that Helm was given it for; None if others gave it something else."""
    content: str | None = None
    """The hash of what Helm was given; None if others gave it something else."""
    holder: str | None = None
    """The formation that its Helm wrote it for; None for a Helm of others."""
    secret: str
    """The name of its Secret."""
    resource_version: str = ""
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    """All that Helm keeps of it; None if it can't be read."""

    @property
    def objects(self) -> frozenset[tuple[str, str, str, str]]:
        """Version of the API, kind, namespace (empty if none is given) and name of each object in its manifest."""
        manifest = str((self.body or {}).get("manifest") or "")
        documents: Iterable[Any] = yaml.load_all(manifest, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return frozenset(
            (
                str(document.get("apiVersion")),
                str(document.get("kind")),
                str((document.get("metadata") or {}).get("namespace") or ""),
                str((document.get("metadata") or {}).get("name")),
            )
            for document in documents
            if isinstance(document, dict)
        )


def history(secrets: Iterable[Mapping[str, Any]]) -> tuple[Version, ...]:
    """All versions that Helm still has, the oldest first."""
    return tuple(sorted(map(_version, secrets), key=lambda version: version.number))


def selector(name: str) -> str:
    """The labels of a release's Secrets."""
    return f"owner=helm,name={name}"


def is_at(path: str) -> bool:
    """Whether a record of a release is at that path of the API."""
    return _PATH.fullmatch(path) is not None


def ended(version: Version) -> list[dict[str, Any]]:
    """A JSON patch that says that the version's Helm was ended, if the record is still the one that was seen."""
    assert version.body is not None, "what can't be read is not ended"
    status = Status.UNINSTALLED if version.status is Status.UNINSTALLING else Status.FAILED
    description = f"{version.status}, and its helm was ended before it was done"
    body = {
        **version.body,
        "info": {**(version.body.get("info") or {}), "status": status.value, "description": description},
    }
    return [
        {"op": "test", "path": "/metadata/resourceVersion", "value": version.resource_version},
        {"op": "replace", "path": "/metadata/labels/status", "value": status.value},
        {"op": "replace", "path": "/data/release", "value": _packed(body)},
    ]


def _version(secret: Mapping[str, Any]) -> Version:
    metadata = secret["metadata"]
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    body = _unpacked((secret.get("data") or {}).get("release") or "")
    chart = ((body or {}).get("chart") or {}).get("metadata") or {}
    about = chart.get("annotations") or {}
    status_name = str(labels.get("status", ""))
    return Version(
        number=int(labels["version"]) if str(labels.get("version", "")).isdigit() else 0,
        status=Status(status_name) if status_name in Status.__members__.values() else Status.UNKNOWN,
        owner=about.get(OWNER),
        content=about.get(CONTENT),
        holder=annotations.get(HOLDER),
        secret=metadata["name"],
        resource_version=metadata.get("resourceVersion", ""),
        body=body,
    )


def _unpacked(data: str) -> Mapping[str, Any] | None:
    try:
        packed = base64.b64decode(base64.b64decode(data))
        unzip = zlib.decompressobj(wbits=31)
        body = json.loads(unzip.decompress(packed, _LARGEST))
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _packed(body: Mapping[str, Any]) -> str:
    packed = gzip.compress(json.dumps(body).encode())
    return base64.b64encode(base64.b64encode(packed)).decode()
