"""The fields of a `kustomization.yaml`: which name files, and which are refused. Pure.

The source is the API reference of Kustomize 5, https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/.
A field that is not known here is refused, so that no new one can name what was not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sealane.configfiles.documents import Document, Path
from sealane.findings import Finding, did_you_mean

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""The names that Kustomize reads, in its order."""

_FOLDERS = frozenset({"bases", "components", "resources"})
_FILES = frozenset({"crds", "configurations"})
_PATCHES = frozenset({"patches", "patchesJson6902", "replacements"})
_GENERATORS = frozenset({"configMapGenerator", "secretGenerator"})
_PLAIN = frozenset(
    {
        *("apiVersion", "kind", "metadata", "namespace", "namePrefix", "nameSuffix", "labels", "commonLabels"),
        *("commonAnnotations", "images", "imageTags", "replicas", "generatorOptions", "vars", "sortOptions"),
        *("buildMetadata",),
    }
)
_KNOWN = _FOLDERS | _FILES | _PATCHES | _GENERATORS | _PLAIN | {"patchesStrategicMerge", "openapi"}
_REFUSED = {
    **dict.fromkeys(
        ("helmCharts", "helmChartInflationGenerator", "helmGlobals"),
        ("a kustomization doesn't run Helm here", "name the chart in charts: of the formation"),
    ),
    **dict.fromkeys(
        ("generators", "transformers", "validators"),
        ("plugins of Kustomize are not run", "write its own fields instead: patches, labels, configMapGenerator"),
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A path that a kustomization names, as it is written."""

    text: str
    at: Path
    folder: bool = False
    """Whether it may be a folder with a kustomization of its own."""


def refused(document: Document) -> Iterator[Finding]:
    """Findings for fields that are refused or not known."""
    for key in document.value:
        place = document.key_place((key,))
        if key in _REFUSED:
            message, hint = _REFUSED[key]
            yield Finding(message=f"{key}: {message}", place=place, hint=hint)
        elif key not in _KNOWN:
            yield Finding(message=f"a kustomization has no {key}", place=place, hint=did_you_mean(key, _KNOWN))


def references(document: Document) -> Iterator[Reference]:
    """All paths that it names."""
    value = document.value
    for key in _FOLDERS | _FILES:
        for index, text in _texts(value.get(key)):
            yield Reference(text=text, at=(key, index), folder=key in _FOLDERS)
    for index, text in _texts(value.get("patchesStrategicMerge")):
        if "\n" not in text and ":" not in text:  # else it is the patch itself
            yield Reference(text=text, at=("patchesStrategicMerge", index))
    for key in _PATCHES:
        for index, entry in _mappings(value.get(key)):
            yield from _named(entry, "path", (key, index))
    yield from _named(value.get("openapi"), "path", ("openapi",))
    for key in _GENERATORS:
        for index, entry in _mappings(value.get(key)):
            yield from _generated((key, index), entry)


def _generated(above: Path, entry: dict[str, Any]) -> Iterator[Reference]:
    yield from _named(entry, "env", above)
    for index, text in _texts(entry.get("envs")):
        yield Reference(text=text, at=(*above, "envs", index))
    for index, text in _texts(entry.get("files")):
        yield Reference(text=text.partition("=")[2] or text, at=(*above, "files", index))


def _named(entry: Any, key: str, above: Path) -> Iterator[Reference]:
    if isinstance(entry, dict) and isinstance(entry.get(key), str) and entry[key]:
        yield Reference(text=entry[key], at=(*above, key))


def _texts(value: Any) -> Iterator[tuple[int, str]]:
    return ((i, text) for i, text in enumerate(value if isinstance(value, list) else ()) if isinstance(text, str))


def _mappings(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    return ((i, entry) for i, entry in enumerate(value if isinstance(value, list) else ()) if isinstance(entry, dict))
