"""Writes a deployment's objects, phase by phase. The only place that creates and changes objects in a cluster.

Every write is fenced, and depends on the state that it was planned for: a creation is create-only, a change names the
version it saw; if that has changed, the object is planned again. Objects already as wanted are not written, so a repeated
apply changes nothing. A new object is created rather than applied, and then its ownership record is turned into the one
that an apply would have left (as kubectl does when it migrates to server-side apply): only a creation can be exclusive.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sealane import errors as ours
from sealane.charts import release_objects
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds, objects
from sealane.destinations import model, ownership
from sealane.destinations.kubernetes import (
    adoption_copies,
    apply_order,
    apply_plan,
    managed_fields,
    ownership_records,
    planned_objects,
    refusals,
)
from sealane.destinations.kubernetes.helm_releases import write

TRIES = 10
"""How often a write is planned again because the object changed; controllers write its status all the time."""
SETTLING_SECONDS = 60.0
"""How long a namespace, a definition or a deletion may take."""
ACCOUNT_SECONDS = 10.0
"""How long a new namespace may take to get the account that its pods run as."""
POLL = 0.1
_ACCOUNT = kinds.whole("v1", "ServiceAccount")


async def apply(
    at: write.Releases,
    wanted: Sequence[Mapping[str, Any]],
    *,
    identity: model.Identity,
    fence: model.Fence,
    adopt: bool = False,
    finished: Collection[str] = (),
) -> model.Applied:
    """Writes the objects, as the port promises; those of releases last, by Helm."""
    cluster = at.cluster
    planner = apply_plan.Planner(cluster, wanted, identity=identity, adopt=adopt, finished=finished)
    planned = await planner.plan()
    writing = _Writing(cluster, planner, fence, identity)
    if refusals := tuple(item.change.refusal for item in planned if item.change.refusal):
        there = tuple(item.ref for item in planned if item.live and item.live.owner == identity.owner)
        return model.Applied(inventory=there, refusals=refusals)
    _, releases = release_objects.parted(wanted)
    applied = await writing.write_all([item for item in planned if planner.release_of(item.manifest) is None])
    for parts in releases:
        if applied.refusals:
            break
        members = [item for item in planned if planner.release_of(item.manifest) == parts.name]
        members = [item if item.change.checked else await planner.plan_one(item.manifest) for item in members]
        applied_release = await write.write(at, parts, members, identity=identity, fence=fence)
        applied = model.Applied(
            inventory=(*applied.inventory, *applied_release.inventory),
            changed=(*applied.changed, *applied_release.changed),
            refusals=applied_release.refusals,
            left=applied.left,
        )
    return applied


class _Writing:
    def __init__(
        self, cluster: clusters.Cluster, planner: apply_plan.Planner, fence: model.Fence, identity: model.Identity
    ) -> None:
        self._cluster = cluster
        self._identity = identity
        self._planner = planner
        self._fence = fence

    async def write_all(self, planned: Sequence[planned_objects.PlannedObject]) -> model.Applied:
        """Writes phase after phase; stops at the first object that is refused."""
        inventory: list[model.ObjectRef] = []
        changed: list[model.ObjectRef] = []
        left: list[tuple[model.ObjectRef, model.FieldLeft]] = []
        for phase, group in itertools.groupby(planned, lambda item: apply_order.phase(item.ref.group, item.ref.kind)):
            written = []
            for item in group:
                done = await self._write(item)
                if done.change.refusal:
                    rest = [later.ref for later in planned if later.live and later.ref not in inventory]
                    return model.Applied(
                        inventory=(*inventory, *rest), changed=tuple(changed), refusals=(done.change.refusal,)
                    )
                if done.left_out:
                    continue
                inventory.append(done.ref)
                left += [(done.ref, each_left) for each_left in done.change.left]
                if done.change.action is not model.Action.NONE:
                    changed.append(done.ref)
                written.append(done.ref)
            await self._settled(phase, written)
        return model.Applied(inventory=tuple(inventory), changed=tuple(changed), left=tuple(left))

    async def _write(self, planned: planned_objects.PlannedObject) -> planned_objects.PlannedObject:
        """Writes one object if needed, and plans it again as often as it changes meanwhile."""
        if planned.apart is not None and not planned.change.refusal:
            await self._fence()
            if refusal := await adoption_copies.keep(
                self._cluster, planned.ref, planned.apart, identity=self._identity
            ):
                return planned_objects.refused(planned, refusal)
        if planned.take and not planned.change.refusal:
            await ownership_records.settle(
                self._cluster, planned.kind, planned.ref, take=planned.take, fence=self._fence
            )
            planned = await self._again(planned)  # only now does an apply remove the fields of others
        if not planned.change.checked:
            planned = await self._again(planned)
        for attempt in range(TRIES):
            if planned.change.refusal:
                return planned
            if not planned.writes:
                return planned
            ownership.check_resolved(planned.ref, planned.body)
            await self._fence()
            try:
                return await self._put(planned)
            except errors.ClusterError as error:
                if not _moved(error):
                    return _refused(planned, error)
            await asyncio.sleep(POLL * attempt)
            planned = await self._again(planned)
        raise ours.Unavailable(
            f"{planned.ref} changes too often to be written", hint="who else writes it all the time?"
        )

    async def _put(self, planned: planned_objects.PlannedObject) -> planned_objects.PlannedObject:
        namespace = planned.ref.namespace
        if planned.live is None:
            made = await self._cluster.create(planned.body, namespace=namespace)
            done = self._done(planned, made)
            created = functools.partial(managed_fields.created, manifest=planned.body)
            await ownership_records.settle(
                self._cluster, planned.kind, done.ref, take=created, live=made, fence=self._fence
            )
            return done
        version = planned.live.version
        made = await self._cluster.apply(planned.body, namespace=namespace, force=True, version=version)
        if planned.left:
            keep = functools.partial(managed_fields.keeping, fields=planned.left)
            await ownership_records.settle(
                self._cluster, planned.kind, planned.ref, take=keep, live=made, fence=self._fence
            )
        return self._done(planned, made)

    def _done(self, planned: planned_objects.PlannedObject, made: Mapping[str, Any]) -> planned_objects.PlannedObject:
        metadata = made["metadata"]
        version = str(metadata.get("resourceVersion", "")) or None
        ref = planned.ref.with_uid(str(metadata["uid"]), resource_version=version)
        change = replace(planned.change, ref=ref)
        return planned_objects.PlannedObject(manifest=planned.manifest, ref=ref, change=change, body=planned.body)

    async def _again(self, planned: planned_objects.PlannedObject) -> planned_objects.PlannedObject:
        """Plans an object again; first waits until a deleted one is gone."""
        if planned.live and planned.live.terminating:
            await self._until_gone(planned)
        again = await self._planner.plan_one(planned.manifest)
        if again.live and again.live.terminating:
            await self._until_gone(again)
            again = await self._planner.plan_one(planned.manifest)
        return again

    async def _until_gone(self, planned: planned_objects.PlannedObject) -> None:
        async def gone() -> bool:
            live = await self._cluster.find(planned.kind, planned.ref.name, namespace=planned.ref.namespace)
            return live is None or live["metadata"]["uid"] != planned.ref.uid

        await _until(gone, f"{planned.ref} is being deleted and still there", "what do its finalizers wait for?")

    async def _settled(self, phase: apply_order.Phase, refs: Sequence[model.ObjectRef]) -> None:
        """Waits until namespaces accept objects and new kinds are known."""
        if phase not in (apply_order.Phase.NAMESPACES, apply_order.Phase.KINDS):
            return
        kind = kinds.NAMESPACE if phase is apply_order.Phase.NAMESPACES else kinds.CUSTOM_KIND
        for ref in refs:
            name = ref.name

            async def usable(name: str = name) -> bool:
                phased = await self._cluster.find(kind, name)
                return phased is not None and _usable(phased)

            await _until(usable, f"{ref} is not usable yet", "what does its status say?")
            if phase is apply_order.Phase.NAMESPACES:
                await self._has_account(name)

    async def _has_account(self, namespace: str) -> None:
        """Waits briefly for the account that pods run as, without which a new namespace refuses all pods."""
        with suppress(errors.ClusterError):  # the account may not read it
            for _ in range(round(ACCOUNT_SECONDS / POLL)):
                if await self._cluster.find(_ACCOUNT, "default", namespace=namespace) is not None:
                    return
                await asyncio.sleep(POLL)


def _moved(error: errors.ClusterError) -> bool:
    """Whether the object has changed since it was planned, so that it must be planned again."""
    return isinstance(error, errors.Conflict | errors.NotFound) and not isinstance(error, errors.NoNamespace)


def _refused(planned: planned_objects.PlannedObject, error: errors.ClusterError) -> planned_objects.PlannedObject:
    """The object with the cluster's refusal; raises temporary trouble again."""
    refusal = refusals.of_error(planned.ref, error)
    if refusal is None:
        raise error
    return planned_objects.refused(planned, refusal)


def _usable(phased: objects.Phased) -> bool:
    established = any(
        condition.type == "Established" and condition.status == "True" for condition in phased.status.conditions or ()
    )
    return phased.status.phase == "Active" or established


async def _until(true: Callable[[], Awaitable[bool]], message: str, hint: str) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + SETTLING_SECONDS
    while not await true():
        if loop.time() > end:
            raise ours.Unavailable(f"{message} after {SETTLING_SECONDS:.0f} s", hint=hint)
        await asyncio.sleep(POLL)
