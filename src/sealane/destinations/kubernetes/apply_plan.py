"""What an apply would do: a dry run of each object, compared with the live one. Writes nothing."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sealane import errors as ours
from sealane.charts import release_objects
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import adoption, diff, model, ownership
from sealane.destinations.kubernetes import (
    apply_order,
    autoscalers,
    field_managers,
    field_trees,
    live_autoscalers,
    namespace_phase,
    object_refs,
    one_shot,
    planned_objects,
    prepare,
    preview,
    refusals,
    replica_owner,
    retained,
)
from sealane.destinations.kubernetes.helm_releases import live_releases
from sealane.stencils.objects import kind_of

AT_ONCE = 8
"""Objects in dry runs at the same time."""
TRIES = 5
_OWN_ANNOTATIONS = (model.REVISION, model.RELEASE, model.SEQUENCE)


class Planner:
    """Plans the objects of one deployment."""

    def __init__(
        self,
        cluster: clusters.Cluster,
        objects: Sequence[Mapping[str, Any]],
        *,
        identity: model.Identity,
        adopt: bool = False,
        to_delete: model.Inventory = (),
        finished: Collection[str] = (),
    ) -> None:
        self._cluster = cluster
        self._releases = release_objects.names(objects)
        self._ours: dict[str, bool] = {}
        """By release: whether it is the formation's."""
        self._reading = asyncio.Lock()
        objects = [manifest for manifest in objects if not release_objects.is_release(manifest)]
        self._autoscalers = live_autoscalers.LiveAutoscalers(cluster, objects, to_delete=to_delete)
        self._objects = apply_order.ordered(objects, kind_of)
        self._identity = identity
        self._adopt = adopt
        self._finished = finished
        self._namespaces = {str(o["metadata"]["name"]) for o in objects if kind_of(o) == ("", "Namespace")}
        self._followed = autoscalers.of(objects)
        self._first: dict[model.Key, tuple[dict[str, str], bytes | None]] = {}
        self._refs = object_refs.ObjectRefs(cluster, objects, namespace=identity.namespace)

    def release_of(self, manifest: Mapping[str, Any]) -> str | None:
        """The release among the objects for which Helm writes the object."""
        name = release_objects.release_of(manifest)
        return name if name in self._releases else None

    async def plan(self) -> tuple[planned_objects.PlannedObject, ...]:
        """All objects, in the order of writing."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(manifest: Mapping[str, Any]) -> planned_objects.PlannedObject:
            async with gate:
                return await self.plan_one(manifest)

        planned = await asyncio.gather(*(one(manifest) for manifest in self._objects))
        places = sorted(
            {planned_object.ref.namespace for planned_object in planned if planned_object.ref.namespace}
            - self._namespaces
        )
        phases = {name: await namespace_phase.phase(self._cluster, name) for name in places}
        return tuple(planned_objects.refuse_twins([self._placed(planned_object, phases) for planned_object in planned]))

    def _placed(
        self, planned: planned_objects.PlannedObject, phases: Mapping[str, str | None]
    ) -> planned_objects.PlannedObject:
        """The object; refused if its namespace is being deleted or missing, which a cluster only reports as forbidden."""
        ref, refusal = planned.ref, planned.change.refusal
        phase = phases.get(ref.namespace or "", "")
        if phase == namespace_phase.TERMINATING:
            refusal = refusals.namespace_terminating(ref, ref.namespace or "")
        elif phase is None and refusal is not None and refusal.reason is model.Reason.FORBIDDEN:
            refusal = refusals.no_namespace(ref)
        else:
            return planned
        return self._refused(planned.manifest, ref, refusal, planned.live)

    async def plan_one(self, manifest: Mapping[str, Any]) -> planned_objects.PlannedObject:
        """One object. Raises a ClusterError only if a retry may help, or the account is not signed in."""
        for _ in range(TRIES):
            ref = model.ref_of(manifest, None)
            live: planned_objects.Live | None = None
            try:
                ref = await self._refs.ref(manifest, strict=True)
                live_object = await self._cluster.find(kinds.of(manifest), ref.name, namespace=ref.namespace)
                if live_object is None:
                    return await self._missing(manifest, ref)
                live = await self._owned(manifest, live_object)
                ref = ref.with_uid(live.uid, resource_version=live.version)
                return await self._existing(manifest, ref, live_object, live)
            except errors.Conflict:
                continue  # somebody created or changed it in between: read it again
            except errors.ClusterError as error:
                if refusal := refusals.of_error(ref, error):
                    return self._refused(manifest, ref, refusal, live)
                raise
        raise ours.Unavailable(f"{ref} comes and goes while it is looked at", hint="who else writes it?")

    async def _owned(self, manifest: Mapping[str, Any], live_object: Mapping[str, Any]) -> planned_objects.Live:
        live, name = _live(live_object), self.release_of(manifest)
        if live.owner is not None or name is None or name != release_objects.release_of(live_object):
            return live
        return replace(live, owner=self._identity.owner) if await self._is_ours(name) else live

    async def _is_ours(self, release: str) -> bool:
        """Whether the release is the formation's; its history is read once for all its objects."""
        async with self._reading:
            if release not in self._ours:
                self._ours[release] = await live_releases.is_ours(self._cluster, release, self._identity)
        return self._ours[release]

    async def _missing(self, manifest: Mapping[str, Any], ref: model.ObjectRef) -> planned_objects.PlannedObject:
        if one_shot.is_over(ref, self._finished):
            change = model.ObjectChange(action=model.Action.NONE, ref=ref)
            return planned_objects.PlannedObject(manifest=manifest, ref=ref, change=change, body={}, left_out=True)
        body = self._body(manifest, ref, self._identity.annotations | adoption.created(self._identity))
        checked = True
        try:
            # It refuses what every later apply would refuse.
            refusals.fitting(await self._cluster.apply(body, namespace=ref.namespace, dry_run=True))
        except errors.NoNamespace:
            if ref.namespace not in self._namespaces:
                raise
            checked = False
        except errors.UnknownKind:  # its definition is among the objects, else its reference had been refused
            checked = False
        except errors.AdmissionDenied as error:
            if not error.has_no_dry_run:
                raise
            checked = False
        change = model.ObjectChange(action=model.Action.CREATE, ref=ref, checked=checked)
        return planned_objects.PlannedObject(manifest=manifest, ref=ref, change=change, body=body)

    async def _existing(
        self,
        manifest: Mapping[str, Any],
        ref: model.ObjectRef,
        live_object: Mapping[str, Any],
        live: planned_objects.Live,
    ) -> planned_objects.PlannedObject:
        if refusal := ownership.foreign(ref, live.owner, self._identity, adopt=self._adopt):
            return self._refused(manifest, ref, refusal, live)
        if live.terminating:
            change = model.ObjectChange(action=model.Action.CREATE, ref=ref, checked=False)
            return planned_objects.PlannedObject(
                manifest=manifest, ref=ref, change=change, body=self._body(manifest, ref), live=live
            )
        if live_object.get("immutable") is True and live.owner is not None:
            return self._unchanging(manifest, ref, live_object, live)
        kept = {key: value for key, value in _annotations(live_object).items() if key in _OWN_ANNOTATIONS}
        marks = adoption.carried(live_object)
        adopting = live.owner is None
        by_helm = self.release_of(manifest) is not None
        taken = preview.before_apply(
            self._body(manifest, ref, kept | marks), live_object, adopting=adopting, by_helm=by_helm
        )
        to_apply = replica_owner.scaled(
            manifest,
            taken,
            autoscaled=await self._autoscaled(taken, ref),
            followed=f"{ref.kind}/{ref.name}" in self._followed,
        )
        body = self._body(to_apply, ref, kept | marks)
        wanted_by_stencil = body
        if replica_owner.adds(manifest, to_apply) and not await self._autoscalers.scale(ref):
            wanted_by_stencil = self._body(manifest, ref, kept | marks)
        seen = await preview.preview(
            self._cluster, body, live_object, adopting=adopting, by_helm=by_helm, said=wanted_by_stencil
        )
        change = _change(ref, live_object, seen, body, adopting=adopting)
        apart: bytes | None = None
        if change.adopted:
            marks, apart = self._first.get(ref.key) or self._before(live_object, change.fields)
        if change.adopted and seen.take:  # its state before its records are moved
            self._first[ref.key] = (marks, apart)
        left = functools.reduce(field_trees.both, (fields for _, fields in seen.held), seen.stays)
        body, left = field_trees.carried(
            self._body(to_apply, ref, self._identity.annotations | marks), left, seen.result
        )
        return planned_objects.PlannedObject(
            manifest=manifest,
            ref=ref,
            change=change,
            body=body,
            live=live,
            take=seen.take,
            gains=seen.gains,
            left=left,
            apart=apart,
        )

    def _before(
        self, live: Mapping[str, Any], fields: tuple[model.FieldChange, ...]
    ) -> tuple[dict[str, str], bytes | None]:
        """The annotations of an adopted object, and its state to be stored elsewhere."""
        marks = adoption.adopted(live, self._identity, fields)
        return marks, adoption.apart(live, marks, fields)

    async def _autoscaled(self, live: Mapping[str, Any], ref: model.ObjectRef) -> bool:
        return replica_owner.was_autoscaled(live) and await self._autoscalers.scale(ref)

    def _unchanging(
        self,
        manifest: Mapping[str, Any],
        ref: model.ObjectRef,
        live_object: Mapping[str, Any],
        live: planned_objects.Live,
    ) -> planned_objects.PlannedObject:
        """An immutable ConfigMap or Secret: its name identifies its content, so there is nothing to write."""
        wanted = self._body(manifest, ref)
        if not ownership.same_content(live_object, wanted):
            return self._refused(manifest, ref, ownership.changed_content(ref), live)
        change = model.ObjectChange(action=model.Action.NONE, ref=ref)
        return planned_objects.PlannedObject(manifest=manifest, ref=ref, change=change, body=wanted, live=live)

    def _body(
        self, manifest: Mapping[str, Any], ref: model.ObjectRef, annotations: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        given = self._identity.annotations if annotations is None else annotations
        body = prepare.prepared(manifest, identity=self._identity, namespace=ref.namespace, annotations=given)
        if self.release_of(manifest) is not None:
            body["metadata"]["labels"][model.MANAGED_BY] = release_objects.HELM
        return body

    def _refused(
        self,
        manifest: Mapping[str, Any],
        ref: model.ObjectRef,
        refusal: model.Refusal,
        live: planned_objects.Live | None = None,
    ) -> planned_objects.PlannedObject:
        action = model.Action.CHANGE if live else model.Action.CREATE
        change = model.ObjectChange(action=action, ref=ref, refusal=refusal)
        return planned_objects.PlannedObject(manifest=manifest, ref=ref, change=change, body={}, live=live)


def _live(live: Mapping[str, Any]) -> planned_objects.Live:
    metadata = live["metadata"]
    return planned_objects.Live(
        uid=metadata["uid"],
        version=metadata["resourceVersion"],
        owner=model.owner_of(metadata.get("labels") or {}),
        terminating="deletionTimestamp" in metadata,
    )


def _change(
    ref: model.ObjectRef, live: Mapping[str, Any], seen: preview.Preview, body: Mapping[str, Any], *, adopting: bool
) -> model.ObjectChange:
    """The changes by an apply, with who set the live values, and the fields that others or the cluster keep."""
    others = field_managers.FieldManagers(live, own=kinds.MANAGER)
    ours = field_managers.FieldManagers(live, own=kinds.MANAGER, others=False)
    held = [
        model.FieldLeft(path=path, manager=who) for who, theirs in seen.held for path in field_managers.paths(theirs)
    ]
    kept = retained.fields_left(seen.stays, seen.result, ref, ours=field_trees.having(seen.stays, body))
    fields = diff.differences(live, seen.result, managers=seen.managers)
    return model.ObjectChange(
        action=model.Action.CHANGE if fields else model.Action.NONE,
        ref=ref,
        fields=tuple(field_managers.noted(change, others.of(change.path), ours.of(change.path)) for change in fields),
        adopted=adopting,
        checked=seen.checked,
        left=(*held, *kept),
    )


def _annotations(live: Mapping[str, Any]) -> Mapping[str, str]:
    return live["metadata"].get("annotations") or {}
