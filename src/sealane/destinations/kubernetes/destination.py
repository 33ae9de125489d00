"""The Kubernetes adapter of the port: combines reading, writing, watching and pruning of one cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from typing_extensions import override

from sealane import clock
from sealane.clients.helm import ON_PATH, Helm
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import deletions, diff, model, observed, stages
from sealane.destinations import usage as usages
from sealane.destinations.kubernetes import (
    apply_plan,
    deletion,
    evidence,
    foreign,
    ledgers,
    log_tail,
    namespace_phase,
    object_refs,
    observe,
    one_shot,
    provided_refs,
    server_side_apply,
    stuck_statefulset_pods,
    tasks,
    usage,
    written,
)
from sealane.destinations.kubernetes.helm_releases import write
from sealane.destinations.kubernetes.messages import read_only
from sealane.destinations.kubernetes.stencils import config_objects
from sealane.destinations.kubernetes.strategies import inspect
from sealane.destinations.kubernetes.strategies import stages as shaping
from sealane.destinations.port import Destination
from sealane.formations.health_checks import HealthCheck
from sealane.secrets.values import SecretValue
from sealane.verdicts import model as verdicts


class KubernetesDestination(Destination):
    """One cluster as a destination; many formations may live there."""

    def __init__(self, cluster: clusters.Cluster, *, now: clock.Clock = clock.now, helm: Helm = ON_PATH) -> None:
        self._cluster = cluster
        self._releases = write.Releases(cluster=cluster, helm=helm)
        self._now = now
        self._ledgers = ledgers.Ledgers(cluster, now=now)

    @property
    @override
    def where(self) -> str:
        return f"the cluster at {self._cluster.server}"

    @override
    async def refs(self, objects: Sequence[Mapping[str, Any]], *, namespace: str) -> model.Inventory:
        return await object_refs.refs(self._cluster, objects, namespace=namespace)

    @override
    async def diff(
        self,
        objects: Sequence[Mapping[str, Any]],
        *,
        identity: model.Identity,
        adopt: bool = False,
        to_delete: model.Inventory = (),
    ) -> tuple[model.ObjectChange, ...]:
        planner = apply_plan.Planner(self._cluster, objects, identity=identity, adopt=adopt, to_delete=to_delete)
        return tuple(planned.change for planned in await planner.plan())

    @override
    async def survey(
        self,
        objects: Sequence[Mapping[str, Any]],
        shape: stages.Shape,
        *,
        identity: model.Identity,
        stored: model.Inventory = (),
        as_it_serves: bool = False,
    ) -> stages.Survey:
        return await inspect.survey(self, objects, shape, identity=identity, stored=stored, as_it_serves=as_it_serves)

    @override
    def in_stages(self, objects: Sequence[Mapping[str, Any]], shape: stages.Shape) -> tuple[stages.Stage, ...]:
        return shaping.shaped(objects, shape)

    @override
    async def apply(
        self,
        objects: Sequence[Mapping[str, Any]],
        *,
        identity: model.Identity,
        fence: model.Fence,
        adopt: bool = False,
        finished: Collection[str] = (),
    ) -> model.Applied:
        applied = await server_side_apply.apply(
            self._releases, objects, identity=identity, fence=fence, adopt=adopt, finished=finished
        )
        if not applied.refusals:
            await stuck_statefulset_pods.free(self._cluster, applied.inventory, fence=fence)
        return applied

    @override
    async def end(self, refs: model.Inventory, *, fence: model.Fence) -> None:
        """The cluster ends Jobs by itself: see `task`."""
        del refs, fence

    @override
    async def prune(
        self,
        stored: model.Inventory,
        wanted: model.Inventory,
        *,
        identity: model.Identity,
        fence: model.Fence,
        budget: deletions.Budget,
    ) -> deletions.Pruned:
        return await deletion.prune(self._releases, stored, wanted, identity=identity, budget=budget, fence=fence)

    @override
    def observe(
        self, identity: model.Identity, wanted: model.Inventory, *, health: Sequence[HealthCheck] = ()
    ) -> AsyncIterator[verdicts.Observation]:
        return observe.observe(self._cluster, wanted, namespace=identity.namespace, health=health, now=self._now)

    @override
    def written(self, wanted: model.Inventory) -> AsyncIterator[None]:
        return written.written(self._cluster, wanted)

    @override
    def task(
        self, given: Mapping[str, Any], *, name: str, timeout: timedelta, variables: Mapping[str, str]
    ) -> Mapping[str, Any]:
        return tasks.job(given, name=name, timeout=timeout, variables=variables)

    @override
    def with_values(self, manifest: Mapping[str, Any], values: Mapping[str, SecretValue]) -> Mapping[str, Any]:
        return config_objects.with_values(manifest, values)

    @override
    def is_one_shot(self, ref: model.ObjectRef) -> bool:
        return one_shot.is_one_shot(ref)

    @override
    def ends(self, manifest: Mapping[str, Any]) -> bool:
        return one_shot.ends(manifest)

    @override
    def is_fleeting(self, manifest: Mapping[str, Any]) -> bool:
        return one_shot.is_fleeting(manifest)

    @override
    def provides(self, objects: Sequence[Mapping[str, Any]]) -> Mapping[str, tuple[str, ...]]:
        return provided_refs.made(objects)

    @override
    def hint(self, objects: Sequence[Mapping[str, Any]], cause: verdicts.Cause, printed: Sequence[str]) -> str | None:
        return read_only.hint(objects, cause.workload, cause.container or "", printed)

    @override
    async def evidence(self, identity: model.Identity, observation: verdicts.Observation) -> Mapping[str, Any]:
        return await evidence.gather(self._cluster, observation, namespace=identity.namespace)

    @override
    def tail(
        self,
        refs: model.Inventory,
        *,
        namespace: str,
        container: str | None,
        lines: int,
        follow: bool,
        instance: str | None = None,
    ) -> AsyncIterator[str]:
        wanted = log_tail.Wanted(namespace=namespace, instance=instance, container=container, lines=lines)
        return log_tail.tail(self._cluster, refs, wanted, follow=follow)

    @override
    async def read(self, refs: model.Inventory) -> tuple[Mapping[str, Any], ...]:
        manifests = []
        for ref in refs:
            manifest = await self._found(ref)
            if manifest is not None:
                manifests.append(diff.shown(manifest))
        return tuple(manifests)

    @override
    async def secrets(self, refs: model.Inventory) -> tuple[Mapping[str, Any], ...]:
        wanted = [ref for ref in refs if ref.is_secret]
        return tuple(manifest for manifest in await asyncio.gather(*map(self._found, wanted)) if manifest is not None)

    @override
    async def observed(self, namespace: str) -> observed.Observed:
        return await foreign.observed_there(self._cluster, namespace)

    @override
    async def usage(self, objects: Sequence[Mapping[str, Any]], *, namespace: str) -> tuple[usages.WorkloadUsage, ...]:
        return await usage.usage(self._cluster, objects, namespace=namespace)

    @override
    async def namespace_created(self, namespace: str) -> datetime | None:
        with suppress(errors.Forbidden):
            phased = await self._cluster.find(kinds.NAMESPACE, namespace)
            return phased.metadata.creation_timestamp if phased else None
        return None

    @override
    async def leaves(self, namespace: str) -> bool:
        return await namespace_phase.leaves(self._cluster, namespace)

    @override
    async def read_ledger(self, app: str, formation: str, *, namespace: str) -> model.Ledger:
        return await self._ledgers.read(app, formation, namespace=namespace)

    @override
    async def ledgers(self, app: str, formation: str, *, among: Sequence[str]) -> tuple[str, ...]:
        return await self._ledgers.places(app, formation, among=among)

    @override
    async def write_ledger(
        self, ledger: model.Ledger, app: str, formation: str, *, namespace: str, fence: model.Fence
    ) -> model.Ledger:
        return await self._ledgers.write(ledger, app, formation, namespace=namespace, fence=fence)

    async def _found(self, ref: model.ObjectRef) -> dict[str, Any] | None:
        kind = kinds.whole(ref.api_version, ref.kind)
        return await self._cluster.find(kind, ref.name, namespace=ref.namespace)
