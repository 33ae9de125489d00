"""Trees of fields in the form of `fieldsV1` (KEP-555), compared with each other and with objects. Pure.

`f:NAME` is a field, `k:{…}` an item of a list with these keys, `v:…` a value of a set, `.` the thing itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sealane.destinations.kubernetes import unions

Fields = Mapping[str, Any]
"""A tree of `fieldsV1`."""


def both(tree: Fields, other: Fields) -> dict[str, Any]:
    """Fields in either tree."""
    return {
        key: both(tree.get(key) or {}, other.get(key) or {})
        for key in [*tree, *(key for key in other if key not in tree)]
    }


def shared(tree: Fields, other: Fields) -> dict[str, Any]:
    """Fields in both trees; a field without subfields has everything in it."""
    common: dict[str, Any] = {}
    for key in tree.keys() & other.keys():
        deeper, wider = tree[key] or {}, other[key] or {}
        inner = shared(deeper, wider) if deeper and wider else both(deeper, wider)
        if inner or not (deeper and wider):
            common[key] = inner
    return common


def less(tree: Fields, other: Fields) -> dict[str, Any]:
    """Fields in the first tree only."""
    left: dict[str, Any] = {}
    for key, inner in tree.items():
        if key not in other:
            left[key] = inner
        elif inner and other[key] and (rest := less(inner, other[key])):
            left[key] = rest
    return left


def lacking(fields: Fields, node: Any) -> dict[str, Any]:
    """The fields that an object's part doesn't have."""
    absent: dict[str, Any] = {}
    for key, inner in fields.items():
        if key == ".":
            continue
        has, own = part(node, key)
        if not has:
            absent[key] = inner
        elif inner and (rest := lacking(inner, own)):
            absent[key] = rest
    return absent


def having(fields: Fields, node: Any) -> dict[str, Any]:
    """The fields that an object's part has."""
    present: dict[str, Any] = {}
    for key, inner in fields.items():
        has, own = part(node, key) if key != "." else (False, None)
        if not has:
            continue
        deeper = {name: value for name, value in inner.items() if name != "."}
        if not deeper:
            present[key] = {}
        elif rest := having(deeper, own):
            present[key] = rest
    return present


def without(node: Any, fields: Fields) -> Any:
    """A copy of an object's part without the fields, and without parts that become empty."""
    for key, inner in fields.items():
        kind, _, text = key.partition(":")
        if kind == "f" and isinstance(node, Mapping) and text in node:
            node = _less_field(node, text, inner)
        elif kind == "k" and isinstance(node, list):
            node = [
                value if not _is_item(value, text) else without(value, inner)
                for value in node
                if not (_is_item(value, text) and (not inner or "." in inner))
            ]
        elif kind == "v" and isinstance(node, list):
            node = [value for value in node if value != json.loads(text)]
    return node


def carried(manifest: Any, fields: Fields, live: Any) -> tuple[Any, dict[str, Any]]:
    """The manifest's part with these fields' values from the object, and the fields that were not added.

    Applied like this, they stay in Sealane's record, and nothing else changes. Items that the manifest lacks are not added to
    its lists, because they might end up in other positions.
    """
    rest: dict[str, Any] = {}
    for key, inner in fields.items():
        kind, _, text = key.partition(":")
        has, own = part(manifest, key)
        there, value = part(live, key)
        if there and kind == "f" and not inner and isinstance(manifest, Mapping):
            manifest = {**manifest, text: value}
        elif there and has and inner:
            new, left = carried(own, inner, value)
            manifest = _replaced(manifest, key, own, new)
            rest |= {key: left} if left else {}
        elif there and kind == "f" and isinstance(manifest, Mapping) and isinstance(value, Mapping):
            new, left = carried({}, inner, value)
            manifest = {**manifest, text: new} if new else manifest
            rest |= {key: left} if left else {}
        else:
            rest[key] = inner
    return manifest, rest


def _replaced(node: Any, key: str, old: Any, new: Any) -> Any:
    if isinstance(node, Mapping):
        return {**node, key.partition(":")[2]: new}
    return [new if value is old else value for value in node]


def at_path(path: unions.Path) -> dict[str, Any]:
    """The tree with that one field."""
    if len(path) == 0:
        return {}
    step, rest = path[0], path[1:]
    key = f"f:{step}" if isinstance(step, str) else "k:" + json.dumps(dict(sorted(step)), separators=(",", ":"))
    return {key: at_path(rest)}


def _less_field(node: Mapping[str, Any], name: str, inner: Fields) -> dict[str, Any]:
    left = without(node[name], inner) if set(inner) - {"."} else None
    rest = {key: value for key, value in node.items() if key != name}
    return rest if left in (None, {}, []) else {**rest, name: left}


def part(node: Any, key: str) -> tuple[bool, Any]:
    """Whether an object's part has the field, item or value, and its value."""
    kind, _, text = key.partition(":")
    if kind == "f":
        return (True, node[text]) if isinstance(node, Mapping) and text in node else (False, None)
    if kind == "k" and isinstance(node, list):
        item = next((value for value in node if _is_item(value, text)), None)
        return item is not None, item
    if kind == "v" and isinstance(node, list):
        return json.loads(text) in node, None
    return False, None


def _is_item(item: Any, keys: str) -> bool:
    """Whether it is the item with these keys; a manifest may leave out a key that has a default."""
    named = json.loads(keys)
    return (
        isinstance(item, Mapping)
        and all(item.get(name, value) == value for name, value in named.items())
        and any(name in item for name in named)
    )
