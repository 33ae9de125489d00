"""Records which deployment created or adopted an object, and its state before. Pure: knows nothing about any destination's API.

The object's own annotations hold this. They are written together with the object, so a killed worker leaves no object of
unknown origin. Objects from before a deployment can then be told from those that it created, and be given back as they were.
Annotations must not or can't hold values of secrets and large objects; these are stored elsewhere.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from sealane import compression, typed_data
from sealane.destinations import model
from sealane.secrets import manifest_secrets

MARKS = (model.CREATED, model.ADOPTED, model.BEFORE)
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_OURS = (*MARKS, model.REVISION, model.RELEASE, model.SEQUENCE)
_LABELS = (model.MANAGED_BY, model.APP, model.FORMATION)
_ROOM = 192 * 1024
"""Bytes that all annotations of an object may take; Kubernetes allows 256 KiB."""
_NOT_KEPT = {"metadata", "status"}
_METADATA = ("labels", "annotations", "managedFields")


class PriorObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object as it was before it was taken over."""

    object: dict[str, Any]
    """Without status; of its metadata only labels, annotations and managed fields."""
    whole: bool
    """Whether it has all that adoption changes; in an annotation, values of secrets are left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Restoration:
    """An object as it is to be given back."""

    object: dict[str, Any]
    """All of it, without status."""
    managed_fields: Sequence[Mapping[str, Any]] | None
    """The record of who set which field; None if unknown."""
    whole: bool
    """Whether the object is then as it was before."""


def created(identity: model.Identity) -> dict[str, str]:
    """Annotations of an object that the deployment creates."""
    return {model.CREATED: str(identity.sequence)}


def carried(live: Mapping[str, Any]) -> dict[str, str]:
    """Annotations that an object of the formation keeps."""
    return {key: value for key, value in _annotations(live).items() if key in MARKS}


def adopted(live: Mapping[str, Any], identity: model.Identity, changes: Sequence[model.FieldChange]) -> dict[str, str]:
    """Annotations of an object that the deployment adopts; its former state is left out if it would not fit."""
    marks = {model.ADOPTED: str(identity.sequence)}
    before = _packed(
        live, whole=not manifest_secrets.is_secret(live) or not any(_is_value(change) for change in changes)
    )
    taken = sum(len(key) + len(str(value).encode()) for key, value in _annotations(live).items())
    return {**marks, model.BEFORE: before} if taken + len(before) < _ROOM else marks


def apart(live: Mapping[str, Any], marks: Mapping[str, str], changes: Sequence[model.FieldChange]) -> bytes | None:
    """The former state, to be stored elsewhere if the annotations don't hold everything that adoption changes; else None."""
    before = _unpacked(marks.get(model.BEFORE))
    if not changes or (before is not None and before.whole):
        return None
    return _compressed(live, whole=True, values=True)


def returned(live: Mapping[str, Any], copy: bytes | None = None) -> Restoration:
    """The object in its former state, as far as that is known, without Sealane's labels and annotations.

    `copy` is the result of `apart`.
    """
    marked = _unpacked(_annotations(live).get(model.BEFORE))
    before = _decompressed(copy) or marked
    metadata = live["metadata"]
    if before is None:
        labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key not in _LABELS}
        annotations = {key: value for key, value in _annotations(live).items() if key not in _OURS}
        rest = {key: value for key, value in live.items() if key not in _NOT_KEPT}
        return Restoration(
            object={**rest, "metadata": _with(metadata, labels, annotations)}, managed_fields=None, whole=False
        )
    old = before.object["metadata"]
    annotations = dict(old.get("annotations") or {})
    if LAST_APPLIED in _annotations(live):
        annotations.setdefault(LAST_APPLIED, _annotations(live)[LAST_APPLIED])
    secret = manifest_secrets.is_secret(live) and before is marked
    values = {part: live[part] for part in ("data",) if part in live and secret}
    rest = {key: value for key, value in before.object.items() if key != "metadata"} | values
    return Restoration(
        object={**rest, "metadata": _with(metadata, old.get("labels") or {}, annotations)},
        managed_fields=old.get("managedFields"),
        whole=before.whole,
    )


def _with(metadata: Mapping[str, Any], labels: Mapping[str, str], annotations: Mapping[str, str]) -> dict[str, Any]:
    own = {key: value for key, value in metadata.items() if key not in _METADATA}
    return {
        **own,
        **({"labels": dict(labels)} if labels else {}),
        **({"annotations": dict(annotations)} if annotations else {}),
    }


def _packed(live: Mapping[str, Any], *, whole: bool) -> str:
    return base64.b64encode(_compressed(live, whole=whole)).decode()


def _compressed(live: Mapping[str, Any], *, whole: bool, values: bool = False) -> bytes:
    secret = manifest_secrets.is_secret(live) and not values
    metadata = {key: live["metadata"][key] for key in _METADATA if live["metadata"].get(key)}
    if secret and "annotations" in metadata:  # kubectl's annotation repeats the values
        metadata["annotations"] = {k: v for k, v in metadata["annotations"].items() if k != LAST_APPLIED}
    hidden = {*_NOT_KEPT, *(("data", "stringData") if secret else ())}
    shown = {key: value for key, value in live.items() if key not in hidden}
    before = PriorObject(object={**shown, "metadata": metadata}, whole=whole)
    return gzip.compress(msgspec.json.encode(before), mtime=0)


def _unpacked(text: str | None) -> PriorObject | None:
    """Also None if somebody else wrote the annotation."""
    if text is None:
        return None
    try:
        return _decompressed(base64.b64decode(text))
    except ValueError:
        return None


def _decompressed(packed: bytes | None) -> PriorObject | None:
    if packed is None:
        return None
    try:
        return typed_data.from_json(compression.unzipped(packed), PriorObject)
    except ValueError:
        return None


def _is_value(change: model.FieldChange) -> bool:
    return change.path.startswith(("data", "stringData"))


def _annotations(live: Mapping[str, Any]) -> Mapping[str, str]:
    return live["metadata"].get("annotations") or {}
