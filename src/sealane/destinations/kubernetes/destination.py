"""The Kubernetes adapter of the port: puts reading, writing, watching and pruning of one cluster together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sealane import clock
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import diff, model, stages
from sealane.destinations.kubernetes import (
    deletion,
    evidence,
    ledgers,
    log_tail,
    observe,
    one_shot,
    planning,
    provided_refs,
    server_side_apply,
    stuck_statefulset_pods,
    tasks,
    written,
)
from sealane.destinations.kubernetes.messages import read_only
from sealane.destinations.kubernetes.stencils import config_objects
from sealane.destinations.kubernetes.strategies import inspect
from sealane.destinations.kubernetes.strategies import stages as shaping
from sealane.formations.health_checks import HealthCheck
from sealane.secrets.values import SecretValue
from sealane.verdicts import model as verdicts


class KubernetesDestination:
    """One cluster as a destination; many formations may live there."""

    def __init__(self, cluster: clusters.Cluster, *, now: clock.Clock = clock.now) -> None:
        self._cluster = cluster
        self._now = now
        self._ledgers = ledgers.Ledgers(cluster, now=now)

    @property
    def where(self) -> str:
        """See the port."""
        return f"the cluster at {self._cluster.server}"

    async def refs(self, objects: Sequence[Mapping[str, Any]], *, namespace: str) -> model.Inventory:
        """See the port."""
        identity = model.Identity(app="", formation="", namespace=namespace, revision="")
        return await planning.Planner(self._cluster, objects, identity=identity).refs()

    async def diff(
        self,
        objects: Sequence[Mapping[str, Any]],
        *,
        identity: model.Identity,
        adopt: bool = False,
        to_delete: model.Inventory = (),
    ) -> tuple[model.ObjectChange, ...]:
        """See the port."""
        planner = planning.Planner(self._cluster, objects, identity=identity, adopt=adopt, to_delete=to_delete)
        return tuple(planned.change for planned in await planner.plan())

    async def survey(
        self,
        objects: Sequence[Mapping[str, Any]],
        shape: stages.Shape,
        *,
        identity: model.Identity,
        stored: model.Inventory = (),
        as_it_serves: bool = False,
    ) -> stages.Survey:
        """See the port."""
        return await inspect.survey(self, objects, shape, identity=identity, stored=stored, as_it_serves=as_it_serves)

    def in_stages(self, objects: Sequence[Mapping[str, Any]], shape: stages.Shape) -> tuple[stages.Stage, ...]:
        """See the port."""
        return shaping.shaped(objects, shape)

    async def apply(
        self,
        objects: Sequence[Mapping[str, Any]],
        *,
        identity: model.Identity,
        fence: model.Fence,
        adopt: bool = False,
        finished: Collection[str] = (),
    ) -> model.Applied:
        """See the port."""
        applied = await server_side_apply.apply(
            self._cluster, objects, identity=identity, fence=fence, adopt=adopt, finished=finished
        )
        if not applied.refusals:
            await stuck_statefulset_pods.free(self._cluster, applied.inventory, fence=fence)
        return applied

    async def prune(
        self,
        stored: model.Inventory,
        wanted: model.Inventory,
        *,
        identity: model.Identity,
        fence: model.Fence,
        budget: model.Budget,
    ) -> model.Pruned:
        """See the port."""
        return await deletion.prune(self._cluster, stored, wanted, identity=identity, budget=budget, fence=fence)

    def observe(
        self, identity: model.Identity, wanted: model.Inventory, *, health: Sequence[HealthCheck] = ()
    ) -> AsyncIterator[verdicts.Observation]:
        """See the port."""
        return observe.observe(self._cluster, wanted, namespace=identity.namespace, health=health, now=self._now)

    def written(self, wanted: model.Inventory) -> AsyncIterator[None]:
        """See the port."""
        return written.written(self._cluster, wanted)

    def task(
        self, given: Mapping[str, Any], *, name: str, timeout: timedelta, variables: Mapping[str, str]
    ) -> Mapping[str, Any]:
        """See the port."""
        return tasks.job(given, name=name, timeout=timeout, variables=variables)

    def with_values(self, manifest: Mapping[str, Any], values: Mapping[str, SecretValue]) -> Mapping[str, Any]:
        """See the port."""
        return config_objects.with_values(manifest, values)

    def is_one_shot(self, ref: model.ObjectRef) -> bool:
        """See the port."""
        return one_shot.is_one_shot(ref)

    def ends(self, manifest: Mapping[str, Any]) -> bool:
        """See the port."""
        return one_shot.ends(manifest)

    def is_fleeting(self, manifest: Mapping[str, Any]) -> bool:
        """See the port."""
        return one_shot.is_fleeting(manifest)

    def provides(self, objects: Sequence[Mapping[str, Any]]) -> Mapping[str, tuple[str, ...]]:
        """See the port."""
        return provided_refs.made(objects)

    def hint(self, objects: Sequence[Mapping[str, Any]], cause: verdicts.Cause, printed: Sequence[str]) -> str | None:
        """See the port."""
        return read_only.hint(objects, cause.workload, cause.container or "", printed)

    async def evidence(self, identity: model.Identity, observation: verdicts.Observation) -> Mapping[str, Any]:
        """See the port."""
        return await evidence.gather(self._cluster, observation, namespace=identity.namespace)

    def tail(
        self, refs: model.Inventory, *, namespace: str, container: str | None, lines: int, follow: bool
    ) -> AsyncIterator[str]:
        """See the port."""
        return log_tail.tail(self._cluster, refs, namespace=namespace, container=container, lines=lines, follow=follow)

    async def read(self, refs: model.Inventory) -> tuple[Mapping[str, Any], ...]:
        """See the port."""
        found = []
        for ref in refs:
            each = await self._found(ref)
            if each is not None:
                found.append(diff.shown(each))
        return tuple(found)

    async def secrets(self, refs: model.Inventory) -> tuple[Mapping[str, Any], ...]:
        """See the port."""
        wanted = [ref for ref in refs if ref.is_secret]
        return tuple(each for each in await asyncio.gather(*map(self._found, wanted)) if each is not None)

    async def namespace_created(self, namespace: str) -> datetime | None:
        """See the port."""
        with suppress(errors.Forbidden):
            phased = await self._cluster.find(kinds.NAMESPACE, namespace)
            return phased.metadata.creation_timestamp if phased else None
        return None

    async def leaves(self, namespace: str) -> bool:
        """See the port."""
        return await planning.leaves(self._cluster, namespace)

    async def read_ledger(self, app: str, formation: str, *, namespace: str) -> model.Ledger:
        """See the port."""
        return await self._ledgers.read(app, formation, namespace=namespace)

    async def ledgers(self, app: str, formation: str, *, among: Sequence[str]) -> tuple[str, ...]:
        """See the port."""
        return await self._ledgers.places(app, formation, among=among)

    async def write_ledger(
        self, ledger: model.Ledger, app: str, formation: str, *, namespace: str, fence: model.Fence
    ) -> model.Ledger:
        """See the port."""
        return await self._ledgers.write(ledger, app, formation, namespace=namespace, fence=fence)

    async def _found(self, ref: model.ObjectRef) -> dict[str, Any] | None:
        kind = kinds.whole(ref.api_version, ref.kind)
        return await self._cluster.find(kind, ref.name, namespace=ref.namespace)
