"""A ledger as ConfigMaps and Secrets: what fits into one object, and the further ones for the rest."""

from __future__ import annotations

import base64
import gzip
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sealane import compression, typed_data
from sealane import errors as ours
from sealane.destinations import model

INLINE = 16 * 1024
"""Most bytes of a compressed entry in the one ConfigMap itself."""
PART = 700 * 1024
"""Bytes of a part. Kubernetes accepts 1 MiB in a ConfigMap or Secret."""
LIMIT = 900 * 1024
"""Most bytes of the one ConfigMap."""
ENTRY_KEY = "ledger.json.gz"
PART_KEY = "part"
PART_LABEL = "sealane.dev/ledger-part"
CONFIG_MAP, SECRET = "ConfigMap", "Secret"
Names = tuple[str, ...]


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What the one ConfigMap says."""

    inventory: model.Inventory = ()
    entries: dict[str, str] = {}
    """The short entries."""
    parts: dict[str, Names] = {}
    """Names of the ConfigMaps that together hold each long entry."""
    private: dict[str, Names] = {}
    """Names of the Secrets that hold private entries."""

    @property
    def named(self) -> set[str]:
        return {name for names in (*self.parts.values(), *self.private.values()) for name in names}


def name_of(app: str, formation: str) -> str:
    """The ConfigMap's name."""
    return f"sealane-inventory-{app}-{formation}"


def split(text: str, size: int = PART) -> tuple[bytes, ...]:
    """The text, compressed and split into parts of that size."""
    packed = gzip.compress(text.encode(), mtime=0)
    return tuple(packed[start : start + size] for start in range(0, len(packed), size))


def joined(parts: Sequence[bytes]) -> str:
    """The text from its parts. Raises ValueError when it isn't complete."""
    return compression.unzipped(b"".join(parts)).decode()


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where a formation's ledger is stored."""

    app: str
    formation: str
    namespace: str

    def labels(self, *, part: bool) -> dict[str, str]:
        return model.owner_labels(self.app, self.formation) | ({PART_LABEL: "true"} if part else {})

    def fresh(self, number: int) -> Names:
        """New names for parts."""
        stem = f"{name_of(self.app, self.formation)}-{secrets.token_hex(5)}"
        return tuple(f"{stem}-{index}" for index in range(number))

    def main(self, content: Content) -> dict[str, Any]:
        packed = gzip.compress(msgspec.json.encode(content), mtime=0)
        return {**self._object(CONFIG_MAP, name_of(self.app, self.formation)), "binaryData": {ENTRY_KEY: _text(packed)}}

    def part(self, kind: str, name: str, part: bytes) -> dict[str, Any]:
        field = "data" if kind == SECRET else "binaryData"
        return {**self._object(kind, name, part=True), "immutable": True, field: {PART_KEY: _text(part)}}

    def _object(self, kind: str, name: str, *, part: bool = False) -> dict[str, Any]:
        metadata = {"name": name, "namespace": self.namespace, "labels": self.labels(part=part)}
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def check(manifest: Mapping[str, Any], label: str, reserve: int) -> None:
    """Raises Refused where the ConfigMap would be too long with these further bytes."""
    size = sum(len(value) for value in manifest["binaryData"].values()) * 3 // 4 + reserve
    if size > LIMIT:
        message = f"the inventory of {label} would take {size // 1024} KiB of the {LIMIT // 1024} KiB that it may"
        raise ours.Refused(message, hint="split the formation: so many objects are more than one ConfigMap can name")


def decoded(live: Mapping[str, Any], where: str) -> Content:
    """What a ConfigMap says. Raises SealaneError where it holds no ledger."""
    try:
        packed = (live.get("binaryData") or {})[ENTRY_KEY]
        return typed_data.from_json(compression.unzipped(base64.b64decode(packed)), Content)
    except (KeyError, ValueError) as error:
        hint = "restore it from a backup, or delete it: then nothing will be pruned"
        raise ours.SealaneError(f"{where} does not hold an inventory", hint=hint) from error
