"""Who owns which field of an object, by the cluster's records, and which fields Sealane takes over. Pure.

An apply removes the fields that are in Sealane's own record and not in the manifest, unless another record has them too.
Some of those others no longer act: a person's `kubectl`, or the `helm` that deployed an adopted object. Their
fields are first moved into Sealane's record, as `kubectl` does when it migrates to server-side apply, so that the
next apply removes them. Controllers are left alone, because they are active and would set the fields again.

The trees of `fieldsV1` are read and compared in `field_trees.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sealane.clients.kubernetes import kinds
from sealane.destinations.kubernetes import field_trees, unions

Record = Mapping[str, Any]
Take = Callable[[Mapping[str, Any]], list[Record] | None]
"""From a live object to the records that it must have; None if they are right already."""

DECLARED = "kubectl-client-side-apply"
"""Who defined the whole object before Sealane did; there can be only one such manager."""
_BY_HAND = ("kubectl", "oc", "k9s", "before-first-apply")
_RESTART = "kubectl-rollout"
"""Its one annotation in the template stays, because without it all pods would be replaced."""
_HELM = "helm"
_FORMER = (*_BY_HAND, _HELM, "kapp", "Terraform", "HashiCorp")


def records(live: Mapping[str, Any]) -> list[Record]:
    """The records of an object."""
    return list(live["metadata"].get("managedFields") or ())


def with_records(live: Mapping[str, Any], new: Sequence[Record] | None) -> Mapping[str, Any]:
    """The object with other records."""
    return live if new is None else {**live, "metadata": {**live["metadata"], "managedFields": list(new)}}


def created(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[Record] | None:
    """The records with Sealane's creation turned into what an apply of the manifest leaves. None without a creation.

    A creation also records every default that the cluster filled in, which nobody had set.
    """
    now = _moved(records(live), lambda record: _is_ours(record, "Update"))
    own = _own(now) if now else None
    if now is None or own is None:
        return None
    applied = {**own, "fieldsV1": field_trees.less(_fields(own), field_trees.lacking(_fields(own), manifest))}
    return [applied if record is own else record for record in now]


def with_ownership(
    live: Mapping[str, Any],
    manifest: Mapping[str, Any],
    *,
    adopting: bool,
    by_helm: bool = False,
    strays: Iterable[unions.Choice] = (),
) -> list[Record] | None:
    """The records that are needed before the manifest is applied; None if they are right already.

    On adoption, all fields of past owners are taken over. For the formation's own objects, only those of `kubectl apply`, and
    those that Sealane gave up and a manual command has too. All `strays` are taken over, from any owner. `by_helm`: Helm
    writes the object for Sealane, so that its fields are Sealane's.
    """
    before = records(live)
    former = _FORMER if adopting else (_HELM,) if by_helm else (DECLARED,)
    now = _moved(before, lambda record: _is_ours(record, "Update") or _is_by(record, former)) or before
    now = _let_go(now, manifest)
    for choice in strays:
        now = _claimed(now, choice, str(live["apiVersion"]))
    return None if now == before else now


def holders(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Who else owns fields that Sealane gives up, and which therefore stay."""
    given_up = _given_up(records(live), manifest)
    others = [record for record in records(live) if not _is_ours(record, "Apply") and not record.get("subresource")]
    held = [(str(record.get("manager")), field_trees.shared(_fields(record), given_up)) for record in others]
    return [(manager, fields) for manager, fields in held if fields]


def going(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> field_trees.Fields:
    """The fields that an apply of the manifest removes: Sealane's, not in the manifest, and nobody else's."""
    gone = _given_up(records(live), manifest)
    for record in records(live):
        if not _is_ours(record, "Apply"):
            gone = field_trees.less(gone, _fields(record))
    return gone


def declared(record: Record) -> Record:
    """The record as one of `kubectl apply`, if a killed worker had already moved it into Sealane's."""
    if not _is_ours(record, "Apply"):
        return record
    return {**record, "manager": DECLARED, "operation": "Update"}


def is_others(live: Mapping[str, Any], choice: unions.Choice) -> bool:
    """Whether anybody but Sealane set one of the strays."""
    fields = [field_trees.at_path((*choice.path, name)) for name in choice.strays]
    others = [record for record in records(live) if not _is_ours(record, "Apply")]
    return any(field_trees.shared(_fields(record), stray) for record in others for stray in fields)


def gains(live: Mapping[str, Any], result: Mapping[str, Any]) -> bool:
    """Whether Sealane's record would gain fields, which somebody else set first."""
    old, new = (_fields(_own(records(record)) or {}) for record in (live, result))
    return bool(field_trees.less(new, old))


def keeping(live: Mapping[str, Any], *, fields: field_trees.Fields) -> list[Record] | None:
    """The records with these fields added to Sealane's: those it gave up and others still own. None if they are in it.

    So they are still known as Sealane's, and are removed once nobody else owns them.
    """
    own = _own(records(live))
    if own is None or not field_trees.less(fields, _fields(own)):
        return None
    extended = {**own, "fieldsV1": field_trees.both(_fields(own), fields)}
    return [extended if record is own else record for record in records(live)]


def _moved(before: Sequence[Record], moves: Callable[[Record], bool]) -> list[Record] | None:
    """The records with all moving ones merged into Sealane's apply."""
    moving = [entry for entry in before if moves(entry)]
    if not moving:
        return None
    own = _own(before)
    first = own or moving[0]
    same = [entry for entry in moving if entry.get("apiVersion") == first.get("apiVersion")]
    fields = _fields(first)
    for record in same:
        fields = field_trees.both(fields, _fields(record))
    taken = {**first, "manager": kinds.MANAGER, "operation": "Apply", "fieldsV1": fields}
    return [taken if entry is first else entry for entry in before if entry is first or entry not in same]


def _let_go(before: Sequence[Record], manifest: Mapping[str, Any]) -> list[Record]:
    """Without the fields that Sealane no longer wants in records of manual commands."""
    given_up = _given_up(before, manifest)
    if not given_up:
        return list(before)
    now = []
    for record in before:
        if _is_by(record, _BY_HAND) and field_trees.shared(_fields(record), given_up):
            record = {**record, "fieldsV1": field_trees.less(_fields(record), given_up)}  # noqa: PLW2901 - the record as it is to be
        now.append(record)
    return [entry for entry in now if _fields(entry)]


def _claimed(before: Sequence[Record], choice: unions.Choice, api_version: str) -> list[Record]:
    """With the strays in Sealane's record, and in nobody else's."""
    strays: field_trees.Fields = {}
    for name in choice.strays:
        strays = field_trees.both(strays, field_trees.at_path((*choice.path, name)))
    now, own = [], None
    for record in before:
        if _is_ours(record, "Apply"):
            own = record = {**record, "fieldsV1": field_trees.both(_fields(record), strays)}  # noqa: PLW2901 - the record as it is to be
        elif not record.get("subresource"):
            record = {**record, "fieldsV1": field_trees.less(_fields(record), strays)}  # noqa: PLW2901
        now.append(record)
    if own is None:
        own = {"manager": kinds.MANAGER, "operation": "Apply", "apiVersion": api_version, "fieldsType": "FieldsV1"}
        now.append({**own, "fieldsV1": strays})
    return [entry for entry in now if _fields(entry)]


def _given_up(before: Sequence[Record], manifest: Mapping[str, Any]) -> field_trees.Fields:
    own = _own(before)
    return field_trees.lacking(_fields(own), manifest) if own else {}


def _own(before: Sequence[Record]) -> Record | None:
    return next((record for record in before if _is_ours(record, "Apply")), None)


def _is_ours(record: Record, operation: str) -> bool:
    own = record.get("manager") == kinds.MANAGER and record.get("operation") == operation
    return own and not record.get("subresource")


def is_former(manager: str) -> bool:
    """Whether it is a manual command, rather than an active controller."""
    return _is_named(manager, _FORMER)


def _is_by(record: Record, managers: Iterable[str]) -> bool:
    name = str(record.get("manager") or "")
    return name != _RESTART and _is_named(name, managers) and not record.get("subresource")


def _is_named(name: str, managers: Iterable[str]) -> bool:
    """Whether it is one of them, by its name or as `NAME-COMMAND`."""
    return any(name == manager or name.startswith(f"{manager}-") for manager in managers)


def _fields(record: Record) -> field_trees.Fields:
    return record.get("fieldsV1") or {}
