"""Gives an adopted object back to its former owner: its fields, its labels and the record of who set which field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import adoption, deletions, model
from sealane.destinations.kubernetes import adoption_copies, managed_fields

TRIES = 10
"""How often it tries again because the object changed; controllers write its status all the time."""
_NO = (errors.Forbidden, errors.AdmissionDenied, errors.QuotaExceeded, errors.Invalid)


async def give_back(
    cluster: clusters.Cluster, ref: model.ObjectRef, *, identity: model.Identity, fence: model.Fence
) -> deletions.KeptObject:
    """Restores the object; if the cluster rejects that, at least gives up its ownership. A repetition changes nothing."""
    kind = kinds.whole(ref.api_version, ref.kind)
    live = await cluster.find(kind, ref.name, namespace=ref.namespace)
    if live is None:
        return deletions.given_back(ref, whole=False)
    ref = ref.with_uid(str(live["metadata"]["uid"]))
    copy = await adoption_copies.kept(cluster, ref, identity=identity)
    returned = adoption.returned(live, copy)
    whole = returned.whole
    try:
        await _written(cluster, kind, ref, copy, fence=fence, fields=True)
    except _NO:
        whole = False
        try:
            await _written(cluster, kind, ref, copy, fence=fence, fields=False)
        except _NO as error:
            return deletions.KeptObject(
                ref=ref, reason=f"it was there before, and giving it back is refused: {error.answer}"
            )
    await _disowned(cluster, kind, ref, returned.managed_fields, fence=fence)
    if copy is not None and whole:
        await fence()
        await adoption_copies.forget(cluster, ref, identity=identity)
    return deletions.given_back(ref, whole=whole)


async def _written(
    cluster: clusters.Cluster,
    kind: kinds.Kind[dict[str, Any]],
    ref: model.ObjectRef,
    copy: bytes | None,
    *,
    fence: model.Fence,
    fields: bool,
) -> None:
    """Writes the restored object, or only its labels and annotations."""
    for attempt in range(TRIES):
        live = await cluster.find(kind, ref.name, namespace=ref.namespace)
        if live is None:
            return
        wanted = adoption.returned(live, copy).object
        operations = [*_metadata(live, wanted), *(_fields(live, wanted) if fields else ())]
        await fence()
        try:
            await cluster.patch(kind, ref.name, [*_tests(live), *operations], namespace=ref.namespace)
        except errors.NotFound:
            return
        except errors.Conflict:
            continue
        except errors.Invalid:
            again = await cluster.find(kind, ref.name, namespace=ref.namespace)
            if attempt == TRIES - 1 or again is None or _version(again) == _version(live):
                raise  # it did not change, so its content is what was refused
        else:
            return


async def _disowned(
    cluster: clusters.Cluster,
    kind: kinds.Kind[dict[str, Any]],
    ref: model.ObjectRef,
    before: Iterable[Mapping[str, Any]] | None,
    *,
    fence: model.Fence,
) -> None:
    """Removes Sealane from the record of who set which field, and restores the former managers."""
    for _ in range(TRIES):
        live = await cluster.find(kind, ref.name, namespace=ref.namespace)
        records = ((live or {}).get("metadata") or {}).get("managedFields") or []
        if live is None or not any(_is_ours(record) for record in records):
            return
        others = [record for record in records if not _is_ours(record)]
        if before is not None:
            others = [managed_fields.declared(entry) for entry in before if not entry.get("subresource")]
            others += [record for record in records if record.get("subresource")]
        await fence()
        replaced = {"op": "replace", "path": "/metadata/managedFields", "value": others}
        try:
            await cluster.patch(kind, ref.name, [*_tests(live), replaced], namespace=ref.namespace)
        except (errors.Conflict, errors.Invalid):
            continue
        except (errors.NotFound, *_NO):
            return
        else:
            return


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return entry.get("manager") == kinds.MANAGER and not entry.get("subresource")


def _version(live: Mapping[str, Any]) -> str:
    return str(live["metadata"]["resourceVersion"])


def _tests(live: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tests that limit the patch to the object that was seen."""
    return [
        {"op": "test", "path": "/metadata/uid", "value": live["metadata"]["uid"]},
        {"op": "test", "path": "/metadata/resourceVersion", "value": _version(live)},
    ]


def _metadata(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    parts = ("labels", "annotations")
    return _changes({part: live["metadata"].get(part) for part in parts}, wanted["metadata"], parts, "/metadata/")


def _fields(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    parts = [key for key in {**live, **wanted} if key not in {"apiVersion", "kind", "metadata", "status"}]
    return _changes(live, wanted, parts, "/")


def _changes(
    live: Mapping[str, Any], wanted: Mapping[str, Any], parts: Iterable[str], before: str
) -> list[dict[str, Any]]:
    """The operations that set these parts."""
    operations: list[dict[str, Any]] = []
    for part in parts:
        old, new = live.get(part), wanted.get(part)
        path = before + part.replace("~", "~0").replace("/", "~1")
        if old == new:
            continue
        if new is None:
            operations.append({"op": "remove", "path": path})
        else:
            operations.append({"op": "add", "path": path, "value": new})
    return operations
