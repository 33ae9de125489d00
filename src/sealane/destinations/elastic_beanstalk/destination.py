"""Environments of Elastic Beanstalk, through the port of destinations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from typing_extensions import override

from sealane import errors
from sealane.clients.aws.beanstalk import Beanstalk
from sealane.destinations import deletions, model, observed, ownership, stages
from sealane.destinations.aws import write_rounds
from sealane.destinations.aws.destination import AccountDestination
from sealane.destinations.aws.pace import Pace
from sealane.destinations.elastic_beanstalk import apply_plan, logs, manifests, update_stages, version_cleanup
from sealane.destinations.elastic_beanstalk.looks import Looks
from sealane.destinations.elastic_beanstalk.model import EnvironmentRecord, Reading, spec_of
from sealane.destinations.elastic_beanstalk.observe import Observer
from sealane.destinations.elastic_beanstalk.records import Records
from sealane.destinations.elastic_beanstalk.writes import Writer
from sealane.formations.health_checks import HealthCheck
from sealane.verdicts import model as verdicts

Manifest = Mapping[str, Any]

_log = logging.getLogger(__name__)

QUEUE = timedelta(minutes=30)
"""How long a deployment waits for somebody else's update."""


class BeanstalkDestination(AccountDestination[EnvironmentRecord]):
    """The environments of one account and region; a namespace is an application."""

    stays = "Sealane never terminates an environment: do it by hand"

    def __init__(
        self,
        service: Beanstalk,
        records: Records,
        *,
        region: str,
        pace: Pace | None = None,
        queue: timedelta = QUEUE,
        keep: int | None = None,
    ) -> None:
        super().__init__(records, pace or Pace())
        self._keep = keep
        self._service, self._region, self._queue = service, region, queue
        self._looks = Looks(service, self._pace)

    @property
    @override
    def where(self) -> str:
        return f"Elastic Beanstalk in {self._region}"

    @override
    async def refs(self, objects: Sequence[Manifest], *, namespace: str) -> model.Inventory:
        return tuple(model.ref_of(manifest, namespace) for manifest in objects)

    @override
    async def diff(
        self,
        objects: Sequence[Manifest],
        *,
        identity: model.Identity,
        adopt: bool = False,
        to_delete: model.Inventory = (),
    ) -> tuple[model.ObjectChange, ...]:
        plans = [await self._planned(manifest, identity, adopt=adopt) for manifest in objects]
        return ownership.once(plan.change for plan in plans)

    async def _planned(self, manifest: Manifest, identity: model.Identity, *, adopt: bool) -> apply_plan.Plan:
        ref = model.ref_of(manifest, identity.namespace)
        record, _ = await self._records.get(ref)
        reading = await self._looks.patiently(ref, record)
        return apply_plan.plan(ref, spec_of(manifest), reading, record, identity, adopt=adopt)

    @override
    async def survey(
        self,
        objects: Sequence[Manifest],
        shape: stages.Shape,
        *,
        identity: model.Identity,
        stored: model.Inventory = (),
        as_it_serves: bool = False,
    ) -> stages.Survey:
        """Which environments need several updates: settings before the version, the name after both."""
        if as_it_serves:
            return {}
        plans = [await self._planned(manifest, identity, adopt=True) for manifest in objects]
        return {plan.change.ref.name: [step.value for step in plan.steps] for plan in plans if len(plan.steps) > 1}

    @override
    def in_stages(self, objects: Sequence[Manifest], shape: stages.Shape) -> tuple[stages.Stage, ...]:
        return update_stages.of(objects, shape)

    @override
    async def apply(
        self,
        objects: Sequence[Manifest],
        *,
        identity: model.Identity,
        fence: model.Fence,
        adopt: bool = False,
        finished: Collection[str] = (),
    ) -> model.Applied:
        changes = await self.diff(objects, identity=identity, adopt=adopt)
        if refusals := tuple(change.refusal for change in changes if change.refusal):
            return model.Applied(inventory=(), refusals=refusals)
        writer = Writer(
            service=self._service,
            looks=self._looks,
            records=self._records,
            identity=identity,
            fence=fence,
            adopt=adopt,
            queue=self._queue,
        )
        return await write_rounds.bring_all(objects, writer.bring)

    @override
    def observe(
        self, identity: model.Identity, wanted: model.Inventory, *, health: Sequence[HealthCheck] = ()
    ) -> AsyncIterator[verdicts.Observation]:
        return Observer(self._looks, self._records, wanted).observations()

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
        """Deletes no environment; old versions, if the operators' file says so."""
        pruned = await super().prune(stored, wanted, identity=identity, fence=fence, budget=budget)
        if self._keep and not budget.undo:
            try:
                await self._clean(identity, fence, self._keep)
            except (errors.Unavailable, errors.Refused) as error:  # tidying up breaks no deployment
                _log.warning("old versions of %s are left: %s", identity.namespace, error.message)
        return pruned

    async def _clean(self, identity: model.Identity, fence: model.Fence, keep: int) -> None:
        environments, _ = await self._service.environments(identity.namespace)
        versions = await self._service.versions(identity.namespace)
        records = [
            (await self._records.get(manifests.ref_named(environment.name, identity.namespace)))[0]
            for environment in environments
        ]
        operations = [record.operation for record in records if record and record.operation]
        for label in version_cleanup.spare(versions, environments, operations, app=identity.app, keep=keep):
            await fence()
            await self._service.delete_version(identity.namespace, label)

    @override
    async def _as_written(self, ref: model.ObjectRef) -> object:
        reading = await self._looks.patiently(ref, None)
        return reading.environment and reading.environment.label, reading.options

    @override
    async def _evidence_of(self, kind: str, name: str, namespace: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return await logs.evidence(self._service, self._records, manifests.ref_named(name, namespace), self._pace)

    @override
    async def tail(
        self,
        refs: model.Inventory,
        *,
        namespace: str,
        container: str | None,
        lines: int,
        follow: bool,
        instance: str | None = None,
    ) -> AsyncIterator[str]:
        """The ends of each instance's logs; the service has no stream, so following shows no more."""
        for ref in refs:
            for sample in await logs.samples(self._service, ref.name, self._pace):
                if instance in {None, sample.instance} and container in {None, ref.name}:
                    for line in sample.lines[-lines:] if lines else ():
                        yield f"{sample.instance}/{ref.name}  {line}"
        if follow:
            await asyncio.Event().wait()

    @override
    async def read(self, refs: model.Inventory) -> tuple[Manifest, ...]:
        there = []
        for ref in refs:
            record, _ = await self._records.get(ref)
            reading = await self._looks.patiently(ref, None)
            if reading.environment:
                there.append(manifests.manifest_of(ref, reading, record))
        return tuple(there)

    @override
    async def observed(self, namespace: str) -> observed.Observed:
        every, _ = await self._service.environments(namespace)
        others = []
        for environment in every:
            ref = manifests.ref_named(environment.name, namespace)
            record, _ = await self._records.get(ref)
            if record is None or not model.owner_of(record.labels):
                others.append(manifests.manifest_of(ref, Reading(at=self._pace.now(), environment=environment), None))
        labels = sorted({label for manifest in others if (label := manifest["spec"]["VersionLabel"])})
        return observed.Observed(version=", ".join(labels), objects=tuple(others))
