"""The content of a formation's `secrets:` and `config:`, and the names of the objects made from it. Pure.

The names end in a keyed hash of the versions of their content. So a change makes a new object beside the old one and
restarts exactly the workloads that name it, and a rollback finds the old one unchanged. The platform defines the kind of
object. Values of secrets never come here: each reads `<secret NAME>` until the destination fills it in, right before
applying.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sealane import hashing
from sealane.findings import Finding, Place
from sealane.formations.model import Formation
from sealane.stencils import placeholders
from sealane.stencils.model import Rendered
from sealane.stencils.placeholders import Placeholders, Source
from sealane.stencils.sources import ConfigEntry

UNRESOLVED = "unresolved"
"""The end of the secrets object's name while versions of its values are unknown."""

ITSELF = "configuration can't hold its own name, which changes with it"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigContent:
    """The entries of a formation's configuration, placeholders replaced."""

    texts: Mapping[str, str]
    binary: Mapping[str, bytes]
    """Entries that are not text."""
    places: Mapping[str, Place]
    """Where each was written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedSecrets:
    """The name of the object that holds the formation's secrets."""

    name: str
    entries: Mapping[str, str]
    """The text that stands for each value."""
    versions: Mapping[str, str]
    """The version of each entry, if known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedConfig:
    """The name of the object that holds the formation's configuration."""

    name: str
    content: ConfigContent
    versions: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeObject:
    """One made object; `versions` has the version of each entry."""

    rendered: Rendered
    versions: Mapping[str, str] = field(default_factory=dict)


def secrets(app: str, formation: Formation, versions: Mapping[str, str], key: bytes) -> NamedSecrets | None:
    """The formation's secrets, values left out; None when it has none."""
    if not formation.secrets:
        return None
    known = {name: versions[name] for name in sorted(formation.secrets) if name in versions}
    ending = hashing.suffix(key, known) if len(known) == len(formation.secrets) else UNRESOLVED
    name = f"{secrets_of(app, formation.name)}{ending}"
    return NamedSecrets(
        name=name, entries={entry: hidden(entry) for entry in sorted(formation.secrets)}, versions=known
    )


def secrets_of(app: str, formation: str) -> str:
    """The prefix of the names of all objects made from the formation's secrets."""
    return f"{app}-{formation}-secrets-"


def hidden(entry: str) -> str:
    """The text that stands for a secret's value wherever an object is shown or stored."""
    return f"<secret {entry}>"


def config(
    app: str, formation: Formation, entries: Mapping[str, ConfigEntry], known: Placeholders, key: bytes
) -> tuple[NamedConfig | None, list[Finding]]:
    """The formation's configuration with placeholders replaced; None when it has none."""
    if not entries:
        return None, []
    texts: dict[str, str] = {}
    binary: dict[str, bytes] = {}
    versions: dict[str, str] = {}
    findings: list[Finding] = []
    for name, entry in sorted(entries.items()):
        text = _text_of(entry.content)
        if text is None:
            binary[name] = entry.content
            versions[name] = hashing.version(key, name, entry.content)
            continue
        texts[name], problems = (text, []) if entry.raw else _replaced(text, entry, known)
        versions[name] = hashing.version(key, name, texts[name].encode("utf-8", "surrogatepass"))
        findings.extend(problems)
    name = f"{app}-{formation.name}-config-{hashing.suffix(key, versions)}"
    content = ConfigContent(
        texts=texts, binary=binary, places={entry: entries[entry].place for entry in (*texts, *binary)}
    )
    return NamedConfig(name=name, content=content, versions=versions), findings


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
