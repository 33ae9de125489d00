"""What a simulated write would do. It compares manifests with the stored objects, knows nothing about files or the clock."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from sealane.destinations import adoption, diff, model, ownership
from sealane.destinations.dummy import state as states
from sealane.destinations.kubernetes import apply_order, autoscalers, field_managers, prepare
from sealane.stencils.objects import kind_of

REFUSE = "dummy.sealane.dev/refuse"
AWAY = "dummy.sealane.dev/away"
PAUSE = "dummy.sealane.dev/pause"
LEAVES = "dummy.sealane.dev/leaves"
_OF_NO_NAMESPACE = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "IngressClass",
        "Namespace",
        "PersistentVolume",
        "PriorityClass",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """One object: what would change, what to store then, and the version that it was planned for."""

    change: model.ObjectChange
    body: Mapping[str, Any]
    version: int | None
    mine: bool = False
    """Whether it exists and belongs to this formation."""
    apart: bytes | None = None
    """Its state before adoption, if its annotations don't hold that."""


def plan(
    content: states.Content, objects: Sequence[Mapping[str, Any]], identity: model.Identity, *, adopt: bool
) -> tuple[Planned, ...]:
    """All objects, in the order of writing; a second object of the same name is refused."""
    followed = frozenset(autoscalers.of(objects))
    planned = [plan_one(content, manifest, identity, adopt=adopt, followed=followed) for manifest in ordered(objects)]
    seen: set[model.Key] = set()
    for index, item in enumerate(planned):
        if item.change.ref.key in seen:
            planned[index] = replace(item, change=replace(item.change, refusal=ownership.twin(item.change.ref)))
        seen.add(item.change.ref.key)
    return tuple(planned)


def plan_one(
    content: states.Content,
    manifest: Mapping[str, Any],
    identity: model.Identity,
    *,
    adopt: bool,
    followed: frozenset[str] = frozenset(),
) -> Planned:
    """One object; `followed` are the workloads that autoscalers among all objects scale, as `Kind/name`."""
    ref = ref_in(manifest, identity.namespace)
    old = content.objects.get(text(ref))
    if old:
        manifest = _scaled(manifest, old.manifest, is_followed=f"{ref.kind}/{ref.name}" in followed)
    body = prepare.prepared(manifest, identity=identity, namespace=ref.namespace, annotations=identity.annotations)
    owner = model.owner_of(labels(old.manifest)) if old else None
    if old:
        ref = ref.with_uid(old.uid)
    fixed = old is not None and old.manifest.get("immutable") is True and ownership.same_content(old.manifest, body)
    fields = _noted(old, diff.differences(old.manifest, body)) if old and not fixed else ()
    action = model.Action.CREATE if not old else model.Action.CHANGE if fields else model.Action.NONE
    marks = _marks(old, owner, identity, fields)
    body["metadata"]["annotations"] |= marks
    refusal = _refusal(manifest, ref)
    if ref.namespace in terminating(content):
        gone = ownership.namespace_terminating(ref.namespace or "")
        refusal = model.Refusal(ref=ref, reason=model.Reason.FORBIDDEN, message=gone.message, hint=gone.hint)
    if old and refusal is None:
        refusal = ownership.foreign(ref, owner, identity, adopt=adopt)
    if old and refusal is None and fields and _never_changes(old.manifest, fields):
        refusal = ownership.changed_content(ref)
    return Planned(
        change=model.ObjectChange(
            action=action,
            ref=ref,
            fields=fields,
            refusal=refusal,
            adopted=old is not None and not refusal and not owner,
        ),
        body=body,
        version=old.version if old else None,
        mine=owner == identity.owner,
        apart=adoption.apart(old.manifest, marks, fields) if old and owner is None else None,
    )


def terminating(content: states.Content) -> set[str]:
    """Namespaces that are being deleted."""
    namespaces = (stored.manifest for stored in content.objects.values() if stored.manifest["kind"] == "Namespace")
    return {str(manifest["metadata"]["name"]) for manifest in namespaces if annotation(manifest, LEAVES)}


def _scaled(manifest: Mapping[str, Any], there: Mapping[str, Any], *, is_followed: bool) -> Mapping[str, Any]:
    """The manifest with the number of instances: the live one, unless the manifest sets one and may do so."""
    spec, number = manifest.get("spec"), (there.get("spec") or {}).get("replicas")
    if not isinstance(spec, Mapping) or number is None or ("replicas" in spec and not is_followed):
        return manifest
    return {**manifest, "spec": {**spec, "replicas": max(int(spec.get("replicas", 0)), int(number))}}


def _noted(old: states.Stored, fields: Sequence[model.FieldChange]) -> tuple[model.FieldChange, ...]:
    """The changes, each with who set the live value."""
    set_by = {path: field_managers.FieldManager(manager=by.manager, at=by.at) for path, by in old.set_by.items()}
    return tuple(field_managers.noted(field, set_by.get(field.path)) for field in fields)


def _marks(
    old: states.Stored | None, owner: str | None, identity: model.Identity, fields: Sequence[model.FieldChange]
) -> dict[str, str]:
    if old is None:
        return adoption.created(identity)
    return adoption.carried(old.manifest) if owner else adoption.adopted(old.manifest, identity, fields)


def _refusal(manifest: Mapping[str, Any], ref: model.ObjectRef) -> model.Refusal | None:
    words = annotation(manifest, REFUSE)
    return model.Refusal(ref=ref, reason=model.Reason.ADMISSION, message=words) if words else None


def _never_changes(manifest: Mapping[str, Any], fields: Sequence[model.FieldChange]) -> bool:
    if manifest.get("immutable") is True:
        return any(field.path.startswith(("data", "binaryData")) for field in fields)
    return manifest["kind"] == "Job" and any(field.path.startswith("spec.template") for field in fields)


def stored(content: states.Content, old: states.Stored | None, body: Mapping[str, Any], now: datetime) -> states.Stored:
    """The object to store once it is written. Its instances are replaced if the template changed."""
    version = content.next()
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(body))
    if old is None:
        return states.Stored(manifest=plain, uid=f"dummy-{version}", version=version, since=now)
    before, after = (manifest.get("spec") or {} for manifest in (old.manifest, plain))
    moved = before.get("template") != after.get("template")
    return states.Stored(
        manifest=plain,
        uid=old.uid,
        generation=old.generation + (before != after),
        version=version,
        since=now if moved else old.since,
        older=True if moved else old.older,
    )


def ref_in(manifest: Mapping[str, Any], namespace: str) -> model.ObjectRef:
    """The reference of a manifest in the namespace, if its kind lives in one."""
    if str(manifest["kind"]) in _OF_NO_NAMESPACE:
        return model.ref_of(manifest, None)
    return model.ref_of(manifest, (manifest.get("metadata") or {}).get("namespace") or namespace)


def ordered(objects: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The manifests in the order of writing."""
    return apply_order.ordered(objects, kind_of)


def text(ref: model.ObjectRef) -> str:
    """The object's name in the store."""
    return "|".join(ref.key)


def labels(manifest: Mapping[str, Any]) -> Mapping[str, str]:
    """The manifest's labels."""
    return (manifest.get("metadata") or {}).get("labels") or {}


def annotation(manifest: Mapping[str, Any], name: str) -> str | None:
    """One of the manifest's annotations."""
    value = ((manifest.get("metadata") or {}).get("annotations") or {}).get(name)
    return None if value is None else str(value)


def variables(manifest: Mapping[str, Any], there: Mapping[str, states.Stored]) -> dict[str, str]:
    """The values that a workload's containers get from existing Secrets by `envFrom`."""
    spec = manifest.get("spec") or {}
    pod = spec if manifest["kind"] == "Pod" else (spec.get("template") or {}).get("spec") or {}
    froms = [source for container in pod.get("containers") or () for source in container.get("envFrom") or ()]
    values: dict[str, str] = {}
    for source in froms:
        name = (source.get("secretRef") or {}).get("name", "")
        stored = there.get(f"|Secret|{manifest['metadata'].get('namespace') or ''}|{name}")
        content = stored.manifest if stored else {}
        values |= {key: base64.b64decode(value).decode() for key, value in (content.get("data") or {}).items()}
        values |= content.get("stringData") or {}
    return values
