"""Turns a rendered manifest into the one that is written. Pure: knows nothing about clusters.

Adds the owner; removes fields that only a server may set (`kubectl get -o yaml` includes them); turns a Secret's
`stringData` into `data`, because server-side apply can't take back keys that were given as `stringData`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from sealane.destinations import model
from sealane.secrets import manifest_secrets

_SERVERS = (
    "managedFields",
    "resourceVersion",
    "uid",
    "generation",
    "creationTimestamp",
    "selfLink",
    "deletionTimestamp",
)


def prepared(
    manifest: Mapping[str, Any], *, identity: model.Identity, namespace: str | None, annotations: Mapping[str, str]
) -> dict[str, Any]:
    """The manifest to write, with the labels of its owner and these top-level annotations."""
    metadata = {key: value for key, value in (manifest.get("metadata") or {}).items() if key not in _SERVERS}
    metadata["labels"] = {**(metadata.get("labels") or {}), **identity.labels}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **annotations}
    if namespace is None:
        metadata.pop("namespace", None)
    else:
        metadata["namespace"] = namespace
    made = {**manifest, "metadata": metadata}
    made.pop("status", None)
    return _encoded(made) if manifest_secrets.is_secret(manifest) else made


def _encoded(secret: dict[str, Any]) -> dict[str, Any]:
    texts = secret.pop("stringData", None) or {}
    encoded = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
    return {**secret, "data": {**(secret.get("data") or {}), **encoded}} if encoded else secret
