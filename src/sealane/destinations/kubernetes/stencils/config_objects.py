"""The immutable Secret and ConfigMap generated from a formation's `secrets:` and `config:`. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from sealane.configfiles.documents import Path
from sealane.findings import Finding, Place
from sealane.formations.model import Formation
from sealane.secrets.values import SecretValue
from sealane.stencils.configuration import ConfigContent
from sealane.stencils.model import Origin, Rendered

MAX_DATA = 1024 * 1024
"""Most bytes that the API server accepts for all entries together."""


def secret(name: str, app: str, formation: Formation, entries: Mapping[str, str]) -> Rendered:
    """The Secret, without values."""
    places: dict[Path, Place] = {("stringData", entry): formation.at("secrets", entry) for entry in entries}
    content = {"type": "Opaque", "stringData": dict(entries)}
    return _object("Secret", name, app, formation, content, {(): formation.at("secrets"), **places})


def with_values(manifest: Mapping[str, Any], values: Mapping[str, SecretValue]) -> dict[str, Any]:
    """The Secret with the values of its entries."""
    entries = {name: base64.b64encode(values[name].reveal()).decode() for name in manifest["stringData"]}
    return {**{key: value for key, value in manifest.items() if key != "stringData"}, "data": entries}


def config(name: str, app: str, formation: Formation, content: ConfigContent) -> tuple[Rendered, list[Finding]]:
    """The ConfigMap, and a finding if it is too large."""
    binary = {entry: base64.b64encode(data).decode() for entry, data in content.binary.items()}
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in content.texts.values())
    size += sum(len(text) for text in binary.values())
    findings = []
    if size > MAX_DATA:
        message = f"the configuration has {size} bytes; a cluster takes {MAX_DATA}"
        findings.append(Finding(message=message, place=formation.at("config"), hint="put large files into an image"))
    parts = {key: part for key, part in (("data", content.texts), ("binaryData", binary)) if part}
    places: dict[Path, Place] = {(key, entry): content.places[entry] for key, part in parts.items() for entry in part}
    return _object("ConfigMap", name, app, formation, parts, {(): formation.at("config"), **places}), findings


def _object(
    kind: str, name: str, app: str, formation: Formation, content: Mapping[str, Any], places: Mapping[Path, Place]
) -> Rendered:
    manifest = {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": formation.namespace, "labels": {"app.kubernetes.io/part-of": app}},
        "immutable": True,
        **content,
    }
    return Rendered(object=manifest, origin=Origin(file=formation.place.file, places=places))
