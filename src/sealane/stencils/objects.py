"""Objects: what every rendered object must have, its namespace, and that it exists only once. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sealane.configfiles.documents import Path
from sealane.findings import Finding
from sealane.stencils.model import Origin, Rendered
from sealane.stencils.platform import Kind, Platform

T = TypeVar("T")

_API_VERSION = re.compile(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[a-z][a-z0-9]*")
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*")
_NAME = re.compile(r"(?!\.{1,2}$)[^/%\s\x00-\x1f]{1,253}")


def unfold(value: Any, origin: Origin) -> Iterable[tuple[Any, Origin]]:
    """The value itself, or the items of a `List` (of any kind of list), lists within lists too."""
    if not _is_list(value):
        yield value, origin
        return
    places, written, keys = _by_item(origin.places), _by_item(origin.written), _by_item(origin.keys)
    for index, item in enumerate(value["items"]):
        below = places.get(index) or {(): origin.place(("items", index))}
        origin_of_item = Origin(
            file=origin.file, places=below, written=written.get(index, {}), keys=keys.get(index, {})
        )
        yield from unfold(item, origin_of_item)


def _by_item(mapped: Mapping[Path, T]) -> dict[int, dict[Path, T]]:
    """Findings about paths in a list's items, by item."""
    items: dict[int, dict[Path, T]] = {}
    for path, value in mapped.items():
        if len(path) > 1 and path[0] == "items" and isinstance(path[1], int):
            items.setdefault(path[1], {})[path[2:]] = value
    return items


def _is_list(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and str(value.get("kind", "")).endswith("List")
        and isinstance(value.get("items"), list)
        and "spec" not in value
    )


JOB = ("batch", "Job")


def generated_name(value: Any) -> str | None:
    """The name by which hooks and gates know a Job that only has a `generateName`; None for all other values.

    Each deployment gives the Jobs of hooks and gates a name of its own, so this one is never applied.
    """
    metadata = value.get("metadata") if isinstance(value, dict) else None
    if not isinstance(metadata, dict) or metadata.get("name") is not None:
        return None
    if not isinstance(value.get("apiVersion"), str) or kind_of({"kind": "", **value}) != JOB:
        return None
    prefix = metadata.get("generateName")
    return prefix.rstrip("-.") or None if isinstance(prefix, str) else None


def named(value: dict[str, Any], name: str) -> dict[str, Any]:
    """The object with this name instead of its `generateName`."""
    rest = {key: entry for key, entry in value["metadata"].items() if key != "generateName"}
    return {**value, "metadata": {"name": name, **rest}}


def problems(value: Any, origin: Origin) -> list[Finding]:
    """Why the value is not an object with a name."""
    if not isinstance(value, dict):
        return [_finding("this is no object", origin, (), "it needs apiVersion, kind and metadata.name")]
    findings = [
        _finding(f"{key} is missing", origin, (), f"every object says its {key}")
        if value.get(key) is None
        else _finding(f"{key} can't be {_shown(value[key], origin, (key,))}", origin, (key,), f"for example {example}")
        for key, pattern, example in (("apiVersion", _API_VERSION, "apps/v1"), ("kind", _KIND, "Deployment"))
        if not (isinstance(value.get(key), str) and pattern.fullmatch(value[key]))
    ]
    metadata = value.get("metadata")
    if metadata is None:
        return [*findings, _finding("metadata is missing", origin, (), "every object has a metadata.name")]
    if not isinstance(metadata, dict):
        return [*findings, _finding("metadata must be a mapping", origin, ("metadata",), None)]
    return [*findings, *_metadata_problems(metadata, origin)]


def _metadata_problems(metadata: dict[str, Any], origin: Origin) -> list[Finding]:
    findings = []
    name = metadata.get("name")
    if name is None:
        made = "generateName" in metadata
        hint = "only Jobs of hooks and gates do without: a name made up by the cluster can't be followed"
        hint = hint if made else "every object has a name"
        path: Path = ("metadata", "generateName") if made else ("metadata",)
        findings.append(_finding("metadata.name is missing", origin, path, hint))
    elif not isinstance(name, str):
        path = ("metadata", "name")
        message = f"metadata.name must be a text, not {_shown(name, origin, path)}"
        findings.append(_finding(message, origin, path, _quoted(origin, path)))
    elif not _NAME.fullmatch(name):
        findings.append(_finding(f"no object can be called {name!r}", origin, ("metadata", "name"), None))
    for key in ("labels", "annotations"):
        entries = metadata.get(key)
        findings.extend(
            _finding(f"{key} are texts; {entry} is {_shown(value, origin, path)}", origin, path, _quoted(origin, path))
            for entry, value in (entries.items() if isinstance(entries, dict) else ())
            if not isinstance(value, str)
            for path in [("metadata", key, entry)]
        )
    return findings


def _shown(value: Any, origin: Origin, path: Path) -> str:
    """A value as its file writes it."""
    return origin.written.get(path) or repr(value)


def _quoted(origin: Origin, path: Path) -> str:
    written = origin.written.get(path)
    return f'quote it: "{written}"' if written else "quote it"


def settle(
    objects: Sequence[tuple[dict[str, Any], Origin]], namespace: str, platform: Platform
) -> tuple[list[Rendered], list[Finding]]:
    """The objects, with the formation's namespace if they need one; another namespace is a finding."""
    of_no_namespace = platform.of_no_namespace([value for value, _ in objects])
    rendered: list[Rendered] = []
    wrong: list[Finding] = []
    for value, origin in objects:
        kind = kind_of(value)
        given = value["metadata"].get("namespace")
        path = ("metadata", "namespace")
        if kind in of_no_namespace:
            if given is not None:
                message = f"{kind[1]} {value['metadata']['name']} lives in no namespace"
                wrong.append(_finding(message, origin, path, "take the namespace away"))
            rendered.append(Rendered(object=value, origin=origin))
            continue
        if given is not None and given != namespace:
            message = (
                f"{kind[1]} {value['metadata']['name']} is for the namespace {given}, the formation for {namespace}"
            )
            wrong.append(_finding(message, origin, path, "leave it out, or write ${namespace}"))
        metadata = {**value["metadata"], "namespace": namespace}
        rendered.append(Rendered(object={**value, "metadata": metadata}, origin=origin))
    return rendered, wrong


def duplicates(rendered: Iterable[Rendered]) -> list[Finding]:
    """Objects that are given more than once, naming both places."""
    first: dict[tuple[str, str, str, str], Rendered] = {}
    findings = []
    for item in rendered:
        known = first.setdefault(item.key, item)
        if known is not item:
            message = f"{item} is given twice"
            findings.append(_finding(message, item.origin, (), f"it is already at {known.origin.place()}"))
    return findings


def kind_of(manifest: Mapping[str, Any]) -> Kind:
    """Group and kind of an object."""
    return str(manifest["apiVersion"]).rpartition("/")[0], str(manifest["kind"])


def _finding(message: str, origin: Origin, path: Path, hint: str | None) -> Finding:
    return Finding(message=message, place=origin.place(path), hint=hint)
