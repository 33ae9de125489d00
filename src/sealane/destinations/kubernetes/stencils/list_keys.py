"""Lists whose items have keys: two items with the same keys are accepted at a creation, and refused ever after. Pure.

Kubernetes merges such lists by `x-kubernetes-list-map-keys` of its OpenAPI document: variables by name, ports by number and
protocol, mounts by path. A creation accepts two items of one key with a warning at most; every later apply is refused, so the
revision could be deployed once and never again. The keys of Kubernetes' own kinds are in the table of `openapi`; those of
custom kinds come from definitions among the stencils. For all others, a dry run on the cluster tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sealane.configfiles.documents import Path
from sealane.destinations.kubernetes.stencils import openapi
from sealane.destinations.kubernetes.stencils.openapi import Table, Type
from sealane.findings import Finding
from sealane.stencils.model import Rendered

_MOST = 20
"""Most findings for one object."""


def known_tables(manifests: Iterable[Mapping[str, Any]]) -> list[Table]:
    """The types of Kubernetes' own kinds, and of those that definitions among the objects make."""
    definitions = [manifest for manifest in manifests if manifest.get("kind") == "CustomResourceDefinition"]
    return [openapi.builtin(), *map(_defined, definitions)]


def problems(rendered: Sequence[Rendered]) -> Iterator[Finding]:
    """Items that are given twice, each with its place."""
    known = known_tables(item.object for item in rendered)
    for item in rendered:
        for table in known:
            if name := table.of(item.object):
                twins = list(_twins(item.object, name, table, ()))
                yield from (_finding(item, *twin) for twin in twins[:_MOST])


_Twin = tuple[Path, Path, str]
"""The place of the second item, that of the first, and what they share."""


def _twins(value: Any, name: str, table: Table, path: Path) -> Iterator[_Twin]:
    own = table.types.get(name)
    if own is None:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            deeper = own.fields.get(str(key), own.value)
            if deeper is not None:
                yield from _twins(inner, deeper, table, (*path, key))
    elif isinstance(value, list):
        yield from _same(value, own, path)
        for index, item in enumerate(value):
            if own.item is not None:
                yield from _twins(item, own.item, table, (*path, index))


def _same(items: list[Any], own: Type, path: Path) -> Iterator[_Twin]:
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        shared = _shared(item, own)
        if shared is not None and first.setdefault(shared, index) != index:
            yield (*path, index), (*path, first[shared]), shared


def _shared(item: Any, own: Type) -> str | None:
    """The item's keys in words; None if they are missing, which the cluster refuses itself."""
    if own.once:
        return None if isinstance(item, Mapping | list) else f"the value {item}"
    if own.keys is None or not isinstance(item, Mapping):
        return None
    values = {key: item.get(key, default) for key, default in own.keys.items()}
    if any(value is None for value in values.values()):
        return None
    return " and ".join(f"{key} {value}" for key, value in values.items())


def _finding(rendered: Rendered, second: Path, first: Path, shared: str) -> Finding:
    names = [part for part in second if isinstance(part, str)]
    key = shared.partition(" ")[0]
    return Finding(
        message=f"{names[-1]} has two items with {shared}: Kubernetes takes that once and refuses every later change",
        place=rendered.origin.place((*second, key)),
        hint=f"keep one; the other is at {rendered.origin.place((*first, key))}",
    )


# --- custom kinds


def _defined(definition: Mapping[str, Any]) -> Table:
    """The list keys of the kinds that a custom resource definition defines."""
    spec = definition.get("spec")
    spec = spec if isinstance(spec, Mapping) else {}
    names = spec.get("names")
    kind = names.get("kind") if isinstance(names, Mapping) else None
    table = Table(kinds={}, types={})
    versions = spec.get("versions")
    for version in versions if isinstance(versions, list) else ():
        schema = (version.get("schema") or {}).get("openAPIV3Schema") if isinstance(version, Mapping) else None
        if isinstance(schema, Mapping):
            name = f"{spec.get('group')}/{version.get('name')} {kind}"
            if _add(schema, name, table):
                table.kinds[name] = name
    return table


def _add(schema: Mapping[str, Any], name: str, table: Table) -> bool:
    """Adds the type of an inline schema, unless it contains no list with keys."""
    properties, items = schema.get("properties"), schema.get("items")
    fields = {
        key: f"{name}.{key}"
        for key, nested in (properties.items() if isinstance(properties, Mapping) else ())
        if isinstance(nested, Mapping) and _add(nested, f"{name}.{key}", table)
    }
    values = schema.get("additionalProperties")
    item = f"{name}[]" if isinstance(items, Mapping) and _add(items, f"{name}[]", table) else None
    value = f"{name}{{}}" if isinstance(values, Mapping) and _add(values, f"{name}{{}}", table) else None
    keys = schema.get("x-kubernetes-list-map-keys")
    of_item = (items.get("properties") or {}) if isinstance(items, Mapping) else {}
    named = {key: (of_item.get(key) or {}).get("default") for key in keys} if isinstance(keys, list) else None
    once = schema.get("x-kubernetes-list-type") == "set"
    if not (fields or item or value or named or once):
        return False
    table.types[name] = Type(fields=fields, item=item, value=value, keys=named, once=once)
    return True
