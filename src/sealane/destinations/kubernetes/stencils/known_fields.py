"""Checks the fields of Kubernetes' own kinds, so that misspellings are found before anything is built or applied. Pure.

The object is checked as it would be applied, so values from placeholders are included. A name that nearly matches
a field's is an error. Any other unknown name is a warning: the cluster may be newer than the table, which
names its version; if it is not, the cluster itself refuses the name. A value of another type than its field's is an error,
because types of fields never change. Custom kinds are not checked: a dry run on the cluster checks them.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sealane.configfiles.documents import Path
from sealane.destinations.kubernetes.stencils import openapi
from sealane.destinations.kubernetes.stencils.openapi import Table
from sealane.findings import Finding, Severity, nearest
from sealane.stencils.model import Rendered

_MOST = 20
"""Most findings for one object."""
_NEAR = 0.8
"""How similar an unknown name must be to a known one (1 is equal) to count as its misspelling."""
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_SHOWN = 40
_MOST_PLACES = 2


def problems(rendered: Sequence[Rendered]) -> Iterator[Finding]:
    """Fields that no object of the kind has, and values of wrong types, each with its place."""
    for item in rendered:
        yield from itertools.islice(compared(item, openapi.builtin()), _MOST)


def compared(rendered: Rendered, table: Table) -> Iterator[Finding]:
    """Checks one object against its type; nothing for kinds that are not in the table."""
    if name := table.of(rendered.object):
        yield from _Look(rendered, table).at(rendered.object, name, ())


class _Look:
    """One object and its type in a check."""

    def __init__(self, rendered: Rendered, table: Table) -> None:
        self.rendered = rendered
        self.table = table

    def at(self, value: Any, name: str, path: Path) -> Iterator[Finding]:
        own = self.table.types.get(name)
        if value is None or name == openapi.ANY:
            return
        if own is None:
            yield from self.plain(value, name, path)
        elif own.item is not None:
            if not isinstance(value, list):
                yield self.misfit(value, "a list", path)
                return
            for index, item in enumerate(value):
                yield from self.at(item, own.item, (*path, index))
        elif not isinstance(value, Mapping):
            yield self.misfit(value, "a mapping", path)
        else:
            for key, inner in value.items():
                if deeper := own.fields.get(key, own.value):
                    yield from self.at(inner, deeper, (*path, key))
                else:
                    yield self.unknown(key, own.fields, (*path, key))

    def plain(self, value: Any, name: str, path: Path) -> Iterator[Finding]:
        """Whether it is a plain value of one of the types that its field's name lists."""
        types = name.split("|")
        fits = any(isinstance(value, _PLAIN[type_]) for type_ in types)
        if isinstance(value, bool):
            fits = "boolean" in types
        if isinstance(value, float) and "integer" in types and value.is_integer():
            fits = True
        if not fits:
            words = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
            yield self.misfit(value, " or ".join(words[type_] for type_ in types), path)

    def unknown(self, key: str, fields: Mapping[str, str], path: Path) -> Finding:
        near = _near(key, fields)
        others = [] if near else _elsewhere(key, self.table.of(self.rendered.object) or "")
        where = _dotted(path[:-1])
        holder = f"{where} of a {self.rendered.kind}" if where else f"a {self.rendered.kind}"
        if near:
            hint = f"did you mean {near}?"
        elif others:
            hint = f"{key} belongs to {' or '.join(others)}"
        else:
            hint = f"known there: {', '.join(sorted(fields))}"
        beside = "" if near else f" in Kubernetes {self.table.kubernetes}, and only a newer cluster may take it"
        return Finding(
            message=f"{holder} has no field {key}{beside}",
            place=self.rendered.origin.key_place(path),
            hint=hint,
            severity=Severity.ERROR if near else Severity.WARNING,
        )

    def misfit(self, value: Any, wanted: str, path: Path) -> Finding:
        origin = self.rendered.origin
        if isinstance(value, Mapping | list):
            shown = "a mapping" if isinstance(value, Mapping) else "a list"
        else:
            shown = origin.written.get(path) or (
                f'"{value[:_SHOWN]}"' if isinstance(value, str) else str(value).lower()
            )
        return Finding(message=f"{_dotted(path)} must be {wanted}, not {shown}", place=origin.place(path))


def _near(key: str, fields: Mapping[str, str]) -> str | None:
    """The field that the name misspells: the same letters in other case or with dashes, or nearly the same."""
    folded = {_folded(name): name for name in fields}
    if same := folded.get(_folded(key)):
        return same
    return nearest(key, fields, cutoff=_NEAR)


def _folded(name: str) -> str:
    return name.replace("-", "").replace("_", "").replace(" ", "").lower()


def _elsewhere(key: str, kind: str) -> list[str]:
    """Where else an object of the kind has a field of that name, the nearest to its top first."""
    return [path for path in _paths(kind).get(key, ()) if not path.startswith("metadata")][:_MOST_PLACES]


@functools.lru_cache(maxsize=64)
def _paths(kind: str) -> Mapping[str, tuple[str, ...]]:
    """The path of each field of a kind, breadth first; each type is visited once."""
    table = openapi.builtin()
    paths: dict[str, tuple[str, ...]] = {}
    seen, going = set(), [(kind, "")]
    while going:
        below: list[tuple[str, str]] = []
        for name, path in going:
            own = table.types.get(name)
            if own is None or name in seen:
                continue
            seen.add(name)
            if inner := own.item or own.value:
                below.append((inner, f"{path}[]"))
            for key, deeper in own.fields.items():
                paths[key] = (*paths.get(key, ()), path or "the top")
                below.append((deeper, f"{path}.{key}".removeprefix(".")))
        going = below
    return paths


def _dotted(path: Path) -> str:
    """A path as people write it: `spec.containers[0].ports`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
