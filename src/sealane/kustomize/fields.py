"""The fields of a `kustomization.yaml`: which name files, and which are refused. Pure.

The source is the API reference of Kustomize 5, https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/.
A field that is not known here is refused, so that no new one can name what was not looked at. So is another spelling of one:
Kustomize takes `Files` for `files` (Go's encoding/json ignores case).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sealane.configfiles.documents import Document, Path
from sealane.findings import Finding, did_you_mean

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""The names that Kustomize reads, in its order."""
ORIGINS = "originAnnotations"
"""The entry of `buildMetadata` that has Kustomize say the file of each object."""

_FOLDERS = ("resources", "components", "bases")
_FILES = ("crds", "configurations")
_WITH_PATH = ("patches", "patchesJson6902", "replacements")
_GENERATORS = ("configMapGenerator", "secretGenerator")
_PATCHES = "patchesStrategicMerge"
_PLAIN = (
    *("apiVersion", "kind", "metadata", "namespace", "namePrefix", "nameSuffix", "labels", "commonLabels"),
    *("commonAnnotations", "images", "imageTags", "replicas", "generatorOptions", "vars", "sortOptions"),
    *("buildMetadata",),
)
_TRANSFORMERS = "transformers"
_KNOWN = frozenset({*_FOLDERS, *_FILES, *_WITH_PATH, *_GENERATORS, *_PLAIN, _PATCHES, _TRANSFORMERS, "openapi"})
_BUILT_IN = frozenset(
    {
        *(
            "AnnotationsTransformer",
            "HashTransformer",
            "ImageTagTransformer",
            "LabelTransformer",
            "LegacyOrderTransformer",
        ),
        *("NamespaceTransformer", "PrefixSuffixTransformer", "PrefixTransformer", "ReplicaCountTransformer"),
        *("SortOrderTransformer", "SuffixTransformer", "ValueAddTransformer"),
    }
)
"""Kustomize's own transformers that name no files; those that do have a field of their own."""
_GENERATED = frozenset({"name", "namespace", "behavior", "type", "options", "literals", "files", "envs", "env"})
_INSIDE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("patches", "patchesJson6902"), frozenset({"path", "patch", "target", "options"})),
    **dict.fromkeys(_GENERATORS, _GENERATED),
    "replacements": frozenset({"path", "source", "sourceValue", "targets"}),
    "openapi": frozenset({"path", "version"}),
}
"""The fields of those that may name a file."""
_RENAMED = {"imageTags": "images"}
"""Older names, which Kustomize replaces in the text before it reads it."""
_REFUSED = {
    **dict.fromkeys(
        ("helmCharts", "helmChartInflationGenerator", "helmGlobals"),
        ("a kustomization doesn't run Helm here", "name the chart in charts: of the formation"),
    ),
    **dict.fromkeys(
        ("generators", "validators"),
        ("plugins of Kustomize are not run", "write its own fields instead: patches, configMapGenerator"),
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A path that a kustomization names, as it is written."""

    path: str
    at: Path
    folder: bool = False
    """Whether it may be a folder with a kustomization of its own."""
    transformer: bool = False
    """Whether it is a file with transformers, or the transformers themselves."""


def refused(document: Document) -> Iterator[Finding]:
    """Findings for fields that are refused or not known."""
    for key, value in document.value.items():
        if key in _REFUSED:
            message, hint = _REFUSED[key]
            yield Finding(message=f"{key}: {message}", place=document.key_place((key,)), hint=hint)
        elif key not in _KNOWN:
            yield _unknown(document, (key,), "a kustomization", _KNOWN)
        elif known := _INSIDE.get(key):
            for above, entry in _entries(value, (key,)):
                unknown = [name for name in entry if name not in known]
                yield from (_unknown(document, (*above, name), f"an entry of {key}", known) for name in unknown)


def references(document: Document) -> Iterator[Reference]:
    """All paths that it names."""
    value = document.value
    for key in (*_FOLDERS, *_FILES):
        for index, text in _texts(value.get(key)):
            yield Reference(path=text, at=(key, index), folder=key in _FOLDERS)
    yield from _patches(value)
    for index, text in _texts(value.get(_TRANSFORMERS)):
        yield Reference(path=text, at=(_TRANSFORMERS, index), transformer=True)
    for key in _GENERATORS:
        for above, entry in _entries(value.get(key), (key,)):
            yield from _generated(above, entry)


def _patches(value: Mapping[str, Any]) -> Iterator[Reference]:
    for key in (_PATCHES, "patches"):
        patches = [(index, text) for index, text in _texts(value.get(key)) if not _is_patch(text)]
        yield from (Reference(path=text, at=(key, index)) for index, text in patches)
    for key in (*_WITH_PATH, "openapi"):
        for above, entry in _entries(value.get(key), (key,)):
            yield from _named(entry, "path", above)


def normal(value: Mapping[str, Any]) -> dict[str, Any]:
    """The kustomization under today's names, as Kustomize itself renames them."""
    result = {_RENAMED.get(key, key): entry for key, entry in value.items()}
    if next(_texts(result.get("patches")), None) and _PATCHES not in result:
        result[_PATCHES] = result.pop("patches")
    return result


def refused_transformers(document: Document) -> Iterator[Finding]:
    """Findings for a document of a transformers' file that is none of Kustomize's own."""
    value = document.value
    kind = value.get("kind") if isinstance(value, dict) else None
    if isinstance(value, dict) and value.get("apiVersion") == "builtin" and kind in _BUILT_IN:
        return
    message = "plugins of Kustomize are not run, nor transformers that name files"
    hint = "write its own fields instead: patches, labels, replacements"
    yield Finding(message=message, place=document.key_place(("kind",)), hint=hint)


def _unknown(document: Document, path: Path, where: str, known: frozenset[str]) -> Finding:
    hint = did_you_mean(str(path[-1]), known)
    return Finding(message=f"{where} has no {path[-1]}", place=document.key_place(path), hint=hint)


def _is_patch(text: str) -> bool:
    """Whether it is the patch itself, in several lines or in braces, and no path: no path or address can be written so."""
    return "\n" in text or text.lstrip().startswith("{")


def _generated(above: Path, entry: dict[str, Any]) -> Iterator[Reference]:
    yield from _named(entry, "env", above)
    for index, text in _texts(entry.get("envs")):
        yield Reference(path=text, at=(*above, "envs", index))
    for index, text in _texts(entry.get("files")):
        yield Reference(path=text.partition("=")[2] or text, at=(*above, "files", index))


def _named(entry: Mapping[str, Any], key: str, above: Path) -> Iterator[Reference]:
    if isinstance(entry.get(key), str) and entry[key]:
        yield Reference(path=entry[key], at=(*above, key))


def _texts(value: Any) -> Iterator[tuple[int, str]]:
    return ((i, text) for i, text in enumerate(value if isinstance(value, list) else ()) if isinstance(text, str))


def _entries(value: Any, above: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The mappings of a list, or the mapping itself, each with its path."""
    listed = enumerate(value) if isinstance(value, list) else ()
    pairs = [(above, value), *(((*above, index), entry) for index, entry in listed)]
    return ((path, entry) for path, entry in pairs if isinstance(entry, dict))
