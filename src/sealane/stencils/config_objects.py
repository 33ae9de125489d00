"""Configuring: the immutable Secret and ConfigMap that Sealane makes from a formation. Pure.

Their names end in a keyed hash of the versions of what they hold. So a change makes a new object beside the old one,
restarts exactly the workloads that name it, and a rollback finds the old one as it was. No value of a secret comes
here: the Secret says `<secret NAME>` until `secret_merge` puts values in, right before it is applied.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sealane import hashing
from sealane.configfiles.documents import Path
from sealane.findings import Finding, Place
from sealane.formations.model import Formation
from sealane.stencils import placeholders
from sealane.stencils.model import ConfigEntry, Origin, Rendered
from sealane.stencils.placeholders import Placeholders, Source

MAX_DATA = 1024 * 1024
"""What the API server takes for all entries together."""

UNRESOLVED = "unresolved"
"""Ends the Secret's name while versions of its values aren't known."""

ITSELF = "configuration can't hold its own name, which changes with it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Configured:
    """One made object; `versions` has one of each entry."""

    name: str
    rendered: Rendered
    versions: Mapping[str, str] = field(default_factory=dict)


def secret(app: str, formation: Formation, versions: Mapping[str, str], key: bytes) -> Configured | None:
    """The Secret of the formation's secrets, values left out; None when it has none."""
    if not formation.secrets:
        return None
    known = {name: versions[name] for name in sorted(formation.secrets) if name in versions}
    ending = hashing.suffix(key, known) if len(known) == len(formation.secrets) else UNRESOLVED
    name = f"{secrets_of(app, formation.name)}{ending}"
    entries = {entry: hidden(entry) for entry in sorted(formation.secrets)}
    content = {"type": "Opaque", "stringData": entries}
    places: dict[Path, Place] = {("stringData", entry): formation.at("secrets", entry) for entry in entries}
    rendered = _object("Secret", name, app, formation, content, {(): formation.at("secrets"), **places})
    return Configured(name=name, rendered=rendered, versions=known)


def secrets_of(app: str, formation: str) -> str:
    """What the names of all Secrets begin with that were made of the formation's secrets."""
    return f"{app}-{formation}-secrets-"


def hidden(entry: str) -> str:
    """What stands in place of a secret's value wherever an object is shown or kept."""
    return f"<secret {entry}>"


def config(
    app: str, formation: Formation, entries: Mapping[str, ConfigEntry], known: Placeholders, key: bytes
) -> tuple[Configured | None, list[Finding]]:
    """The ConfigMap of the formation's configuration with words replaced; None when it has none."""
    if not entries:
        return None, []
    texts: dict[str, str] = {}
    binary: dict[str, str] = {}
    versions: dict[str, str] = {}
    findings: list[Finding] = []
    for name, entry in sorted(entries.items()):
        text = _text_of(entry.content)
        if text is None:
            binary[name] = base64.b64encode(entry.content).decode()
            versions[name] = hashing.version(key, name, entry.content)
            continue
        texts[name], problems = (text, []) if entry.raw else _replaced(text, entry, known)
        versions[name] = hashing.version(key, name, texts[name].encode("utf-8", "surrogatepass"))
        findings.extend(problems)
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts.values())
    size += sum(len(text) for text in binary.values())
    if size > MAX_DATA:
        message = f"the configuration has {size} bytes; a cluster takes {MAX_DATA}"
        findings.append(Finding(message=message, place=formation.at("config"), hint="put large files into an image"))
    name = f"{app}-{formation.name}-config-{hashing.suffix(key, versions)}"
    content = {key: value for key, value in (("data", texts), ("binaryData", binary)) if value}
    places: dict[Path, Place] = {(key, entry): entries[entry].place for key, part in content.items() for entry in part}
    rendered = _object("ConfigMap", name, app, formation, content, {(): formation.at("config"), **places})
    return Configured(name=name, rendered=rendered, versions=versions), findings


def _text_of(content: bytes) -> str | None:
    """The content as text, None when it isn't any."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _replaced(text: str, entry: ConfigEntry, known: Placeholders) -> tuple[str, list[Finding]]:
    source = entry.source or Source(text)
    return placeholders.replace_inside(text, known, lambda token, nth: source.inside(entry.place, token, nth))


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
