"""Who owns which field of an object, as the cluster records it, and what of that Sealane takes over. Pure.

An apply takes away what Sealane's own record has and the manifest has not, unless somebody else's record has it too.
Some of those others are no longer anybody: a person's `kubectl`, or the `helm` that an object was taken over from. What
they recorded is moved into Sealane's record first, as `kubectl` does when it migrates to server-side apply, so that the
next apply takes it away. Controllers are left alone: they live, and would set it again.

The format of `fieldsV1` is that of KEP-555: `f:NAME` is a field, `k:{…}` an item of a list known by its keys, `v:…` a value
of a set, `.` the thing itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sealane.clients.kubernetes import kinds
from sealane.destinations.kubernetes import unions

Fields = Mapping[str, Any]
"""A tree of `fieldsV1`."""
Record = Mapping[str, Any]
Take = Callable[[Mapping[str, Any]], list[Record] | None]
"""From an object that is there to the records it is to have instead; None when they are as they should be."""

DECLARED = "kubectl-client-side-apply"
"""Who said what the whole object is to be, before Sealane did; there is room for one who says that."""
_BY_HAND = ("kubectl", "oc", "k9s", "before-first-apply")
_RESTART = "kubectl-rollout"
"""Its one annotation in the template stays where it is: without it all pods would be made anew."""
_FORMER = (*_BY_HAND, "helm", "kapp", "Terraform", "HashiCorp")


def records(live: Mapping[str, Any]) -> list[Record]:
    """The records of an object."""
    return list(live["metadata"].get("managedFields") or ())


def with_records(live: Mapping[str, Any], new: Sequence[Record] | None) -> Mapping[str, Any]:
    """The object as it is once its records are replaced."""
    return live if new is None else {**live, "metadata": {**live["metadata"], "managedFields": list(new)}}


def created(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[Record] | None:
    """The records with what a creation of Sealane's left as an apply of the manifest would have. None when there is none.

    A creation also records every default that the cluster put in; nobody said those.
    """
    now = _moved(records(live), lambda record: _is_ours(record, "Update"))
    own = _own(now) if now else None
    if now is None or own is None:
        return None
    said = {**own, "fieldsV1": less(_fields(own), lacking(_fields(own), manifest))}
    return [said if record is own else record for record in now]


def taken(
    live: Mapping[str, Any], manifest: Mapping[str, Any], *, adopting: bool, strays: Iterable[unions.Choice] = ()
) -> list[Record] | None:
    """The records as they must be before the manifest is applied; None when they are so.

    On adoption all that past owners recorded is taken. Of one's own objects only what `kubectl apply` said, and what
    Sealane had, no longer has, and a command by hand has too. Of `strays` everything is taken, whoever has it.
    """
    before = records(live)
    former = _FORMER if adopting else (DECLARED,)
    now = _moved(before, lambda record: _is_ours(record, "Update") or _is_by(record, former)) or before
    now = _let_go(now, manifest)
    for choice in strays:
        now = _claimed(now, choice, str(live["apiVersion"]))
    return None if now == before else now


def holders(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Who else has fields that Sealane has and the manifest has no longer: they stay."""
    given_up = _given_up(records(live), manifest)
    others = [record for record in records(live) if not _is_ours(record, "Apply") and not record.get("subresource")]
    held = [(str(record.get("manager")), shared(_fields(record), given_up)) for record in others]
    return [(manager, fields) for manager, fields in held if fields]


def going(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> Fields:
    """What an apply of the manifest takes away: Sealane's, not in the manifest, and nobody else's."""
    gone = _given_up(records(live), manifest)
    for record in records(live):
        if not _is_ours(record, "Apply"):
            gone = less(gone, _fields(record))
    return gone


def declared(record: Record) -> Record:
    """The record as one of `kubectl apply`, where a killed worker had moved it into Sealane's already."""
    if not _is_ours(record, "Apply"):
        return record
    return {**record, "manager": DECLARED, "operation": "Update"}


def is_others(live: Mapping[str, Any], choice: unions.Choice) -> bool:
    """Whether somebody else than Sealane set one of the strays."""
    fields = [at_path((*choice.path, name)) for name in choice.strays]
    others = [record for record in records(live) if not _is_ours(record, "Apply")]
    return any(shared(_fields(record), one) for record in others for one in fields)


def gains(live: Mapping[str, Any], result: Mapping[str, Any]) -> bool:
    """Whether Sealane's record would have more than it has: fields that somebody else set first."""
    old, new = (_fields(_own(records(record)) or {}) for record in (live, result))
    return bool(less(new, old))


def keeping(live: Mapping[str, Any], *, fields: Fields) -> list[Record] | None:
    """The records with these fields in Sealane's: what it gave up and others hold still. None when it has them.

    So it is known later that they were Sealane's, and they go once nobody else holds them.
    """
    own = _own(records(live))
    if own is None or not less(fields, _fields(own)):
        return None
    kept = {**own, "fieldsV1": both(_fields(own), fields)}
    return [kept if record is own else record for record in records(live)]


def _moved(before: Sequence[Record], moves: Callable[[Record], bool]) -> list[Record] | None:
    """The records with all that move in one of Sealane's applies."""
    moving = [entry for entry in before if moves(entry)]
    if not moving:
        return None
    own = _own(before)
    first = own or moving[0]
    same = [entry for entry in moving if entry.get("apiVersion") == first.get("apiVersion")]
    fields = _fields(first)
    for record in same:
        fields = both(fields, _fields(record))
    taken = {**first, "manager": kinds.MANAGER, "operation": "Apply", "fieldsV1": fields}
    return [taken if entry is first else entry for entry in before if entry is first or entry not in same]


def _let_go(before: Sequence[Record], manifest: Mapping[str, Any]) -> list[Record]:
    """Without what Sealane no longer wants in records of commands that somebody gave by hand."""
    given_up = _given_up(before, manifest)
    if not given_up:
        return list(before)
    now = []
    for record in before:
        if _is_by(record, _BY_HAND) and shared(_fields(record), given_up):
            record = {**record, "fieldsV1": less(_fields(record), given_up)}  # noqa: PLW2901 - the record as it is to be
        now.append(record)
    return [entry for entry in now if _fields(entry)]


def _claimed(before: Sequence[Record], choice: unions.Choice, api_version: str) -> list[Record]:
    """With the strays in Sealane's record, and in nobody else's."""
    strays: Fields = {}
    for name in choice.strays:
        strays = both(strays, at_path((*choice.path, name)))
    now, own = [], None
    for record in before:
        if _is_ours(record, "Apply"):
            own = record = {**record, "fieldsV1": both(_fields(record), strays)}  # noqa: PLW2901 - the record as it is to be
        elif not record.get("subresource"):
            record = {**record, "fieldsV1": less(_fields(record), strays)}  # noqa: PLW2901
        now.append(record)
    if own is None:
        own = {"manager": kinds.MANAGER, "operation": "Apply", "apiVersion": api_version, "fieldsType": "FieldsV1"}
        now.append({**own, "fieldsV1": strays})
    return [entry for entry in now if _fields(entry)]


def _given_up(before: Sequence[Record], manifest: Mapping[str, Any]) -> Fields:
    own = _own(before)
    return lacking(_fields(own), manifest) if own else {}


def _own(before: Sequence[Record]) -> Record | None:
    return next((record for record in before if _is_ours(record, "Apply")), None)


def _is_ours(record: Record, operation: str) -> bool:
    own = record.get("manager") == kinds.MANAGER and record.get("operation") == operation
    return own and not record.get("subresource")


def is_former(manager: str) -> bool:
    """Whether it is a command that somebody gave, rather than a controller that lives."""
    return _is_named(manager, _FORMER)


def _is_by(record: Record, managers: Iterable[str]) -> bool:
    name = str(record.get("manager") or "")
    return name != _RESTART and _is_named(name, managers) and not record.get("subresource")


def _is_named(name: str, managers: Iterable[str]) -> bool:
    """Whether it is one of them, by its name or as `NAME-COMMAND`."""
    return any(name == manager or name.startswith(f"{manager}-") for manager in managers)


def _fields(record: Record) -> Fields:
    return record.get("fieldsV1") or {}


# --- trees of fields


def both(one: Fields, other: Fields) -> dict[str, Any]:
    """What either has."""
    return {
        key: both(one.get(key) or {}, other.get(key) or {}) for key in [*one, *(key for key in other if key not in one)]
    }


def shared(one: Fields, other: Fields) -> dict[str, Any]:
    """What both have; a field without more has all that is in it."""
    common: dict[str, Any] = {}
    for key in one.keys() & other.keys():
        deeper, wider = one[key] or {}, other[key] or {}
        inner = shared(deeper, wider) if deeper and wider else both(deeper, wider)
        if inner or not (deeper and wider):
            common[key] = inner
    return common


def less(one: Fields, other: Fields) -> dict[str, Any]:
    """What only the first has."""
    left: dict[str, Any] = {}
    for key, inner in one.items():
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
    """A copy of an object's part without the fields, nor what is empty once they are gone."""
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
    """The manifest's part with the values that these fields have in the object, and the fields that were not put in.

    Applied so, they stay in Sealane's record, and nothing else changes. Items that the manifest doesn't have are not put into
    its lists: they might come to stand elsewhere.
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
    """The tree that has one field."""
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
    """Whether an object's part has the field, item or value, and what it is."""
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
    """Whether it is the item of these keys; a manifest may leave out one that has a default."""
    named = json.loads(keys)
    return (
        isinstance(item, Mapping)
        and all(item.get(name, value) == value for name, value in named.items())
        and any(name in item for name in named)
    )
