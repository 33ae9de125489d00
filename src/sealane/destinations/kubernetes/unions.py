"""Fields of which an object may have only one: finds the live ones that a wanted one excludes. Pure.

Server-side apply keeps a field that the API server set by default and nobody owns: the `rollingUpdate` of a strategy that
becomes `Recreate`, the `emptyDir` of a volume without a source. Then the object is refused, although a creation
would be accepted. The cluster's own OpenAPI document tells which fields exclude each other, by these rules:

* `x-kubernetes-unions` (KEP-1027), and `oneOf` of required fields in custom resource definitions;
* a field `type` with an `enum`, and fields named like its values (`RollingUpdate`, `rollingUpdate`);
* a type whose description says that only one of its fields may be given, and a field whose description says that it is
  mutually exclusive with another;
* fields whose types are all called …Source or …Action: a volume's, a probe's, a hook's, a metric's;
* `_UNSAID`: exclusions that the document only describes in words of single fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sealane.clients.kubernetes import schemas

Keys = tuple[tuple[str, Any], ...]
Path = tuple[str | Keys, ...]
"""Names of fields, and keys of a list's items."""

_ONLY_ONE = re.compile(r"(?i)\b(only|exactly|at most) one (of|field|subfield|member)\b")
_NOT_WITH = re.compile(r"(?i)\bmutually exclusive (?:setting )?with \"?(\w+)\"?")
_SUFFIXES = ("Source", "Action")
_UNSAID: Mapping[str, tuple[str, ...]] = {
    "io.k8s.api.core.v1.EnvVar": ("value", "valueFrom"),
    "io.k8s.api.core.v1.EnvVarSource": (
        "configMapKeyRef",
        "fieldRef",
        "fileKeyRef",
        "resourceFieldRef",
        "secretKeyRef",
    ),
    "io.k8s.api.core.v1.VolumeMount": ("subPath", "subPathExpr"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Fields that exclude each other. With a discriminator, `members` maps each field to its value."""

    members: Mapping[str, str | None]
    discriminator: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """All of its fields."""
        return frozenset(self.members) | ({self.discriminator} if self.discriminator else set())


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The fields to remove at one place of an object, for the wanted one."""

    path: Path
    group: Group
    strays: frozenset[str]


def choices(
    manifest: Mapping[str, Any], live: Mapping[str, Any], schema: schemas.Schema, path: Path = ()
) -> Iterator[Choice]:
    """All places where the live object has a field that excludes one of the manifest's."""
    if schema.is_atomic:
        return
    for group in groups(schema):
        if strays := _strays(group, manifest, live):
            yield Choice(path=path, group=group, strays=strays)
    for name, wanted in manifest.items():
        own = schema.field(name)
        if own is not None and name in live:
            yield from _within(wanted, live[name], own, (*path, name))


def _within(wanted: Any, live: Any, schema: schemas.Schema, path: Path) -> Iterator[Choice]:
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        yield from choices(wanted, live, schema, path)
    elif isinstance(wanted, list) and isinstance(live, list) and schema.keys and schema.item:
        item = schema.item
        there = {item.key_of(element, schema.keys): element for element in live if isinstance(element, Mapping)}
        for element in wanted:
            key = item.key_of(element, schema.keys) if isinstance(element, Mapping) else None
            if key is not None and key in there:
                yield from choices(element, there[key], item, (*path, key))


def _strays(group: Group, manifest: Mapping[str, Any], live: Mapping[str, Any]) -> frozenset[str]:
    given = {name for name in group.members if manifest.get(name) is not None}
    there = {name for name in group.members if live.get(name) is not None} - given
    if group.discriminator is None:
        return frozenset(there) if given else frozenset()
    chosen = manifest.get(group.discriminator)
    return frozenset(name for name in there if chosen is not None and group.members[name] != chosen)


def groups(schema: schemas.Schema) -> Iterator[Group]:
    """The groups of fields of one type that exclude each other."""
    fields = schema.fields
    for union in schema.plain.get("x-kubernetes-unions") or ():
        members = union.get("fields-to-discriminateBy") or {}
        discriminator = union.get("discriminator")
        yield Group(members=members if discriminator else dict.fromkeys(members), discriminator=discriminator)
    if typed := _by_type(fields):
        yield Group(members=typed, discriminator="type")
    required = [
        list(alternative.get("required") or [])
        for alternative in schema.plain.get("oneOf") or ()
        if isinstance(alternative, Mapping)
    ]
    if len(required) > 1 and all(len(names) == 1 for names in required):
        yield Group(members=dict.fromkeys(names[0] for names in required))
    if _ONLY_ONE.search(schema.description):
        yield Group(members=dict.fromkeys(name for name, field in fields.items() if field.is_object))
    for suffix in _SUFFIXES:
        alike = [name for name, field in fields.items() if field.name.endswith(suffix)]
        if len(alike) > 1:
            yield Group(members=dict.fromkeys(alike))
    for pair in _not_together(fields):
        yield Group(members=dict.fromkeys(sorted(pair)))
    if unsaid := _UNSAID.get(schema.name):
        yield Group(members=dict.fromkeys(unsaid))


def _not_together(fields: Mapping[str, schemas.Schema]) -> set[frozenset[str]]:
    """Pairs of fields of which one's description excludes the other; the text may have the other's name in capitals."""
    names = {name.lower(): name for name in fields}
    matches = ((name, _NOT_WITH.search(schema.description)) for name, schema in fields.items())
    return {
        frozenset((name, names[other[1].lower()])) for name, other in matches if other and other[1].lower() in names
    }


def _by_type(fields: Mapping[str, schemas.Schema]) -> dict[str, str | None]:
    type_schema = fields.get("type")
    values: Sequence[str] = (type_schema.plain.get("enum") or ()) if type_schema else ()
    named = {value[:1].lower() + value[1:]: value for value in values}
    return {name: named[name] for name, schema in fields.items() if name in named and schema.is_object}


def at(node: Any, path: Sequence[str | Keys]) -> Any:
    """The value at a path; None if there is none."""
    for step in path:
        if isinstance(step, str):
            node = node.get(step) if isinstance(node, Mapping) else None
        elif isinstance(node, list):
            node = next((element for element in node if _has(element, step)), None)
        else:
            return None
    return node


def swapped(node: Any, path: Sequence[str | Keys], names: frozenset[str], source: Mapping[str, Any]) -> Any:
    """A copy in which the fields `names` at the path have the values of `source`, or are removed.

    Unchanged if there is nothing at the path.
    """
    if len(path) == 0:
        others = {key: value for key, value in node.items() if key not in names}
        return {**others, **{name: source[name] for name in names if name in source}}
    step, rest = path[0], path[1:]
    if isinstance(step, str):
        return {**node, step: swapped(node[step], rest, names, source)} if node.get(step) is not None else node
    return [swapped(element, rest, names, source) if _has(element, step) else element for element in node]


def _has(item: Any, keys: Keys) -> bool:
    """Whether it is the item with these keys; a missing key has its default."""
    return isinstance(item, Mapping) and all(item.get(name, value) == value for name, value in keys)
