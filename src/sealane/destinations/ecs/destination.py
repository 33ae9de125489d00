"""Services and tasks of Elastic Container Service, through the port of destinations."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from typing_extensions import override

from sealane.clients.aws.account import Account
from sealane.clients.aws.ecs import Ecs
from sealane.clients.aws.ecs_model import Definition
from sealane.clients.aws.scheduler import Scheduler
from sealane.destinations import deletions, model, observed, ownership, stages
from sealane.destinations.aws import write_rounds
from sealane.destinations.aws.destination import AccountDestination
from sealane.destinations.aws.pace import Pace
from sealane.destinations.ecs import apply_plan, definition_plan, manifests, pauses, tasks
from sealane.destinations.ecs.evidence import Evidence, EvidenceReader
from sealane.destinations.ecs.looks import PACE, Looks
from sealane.destinations.ecs.model import (
    DEFINITION,
    SCHEDULE,
    SERVICE,
    TASK,
    Context,
    Manifest,
    Record,
    Step,
    ref_named,
    target_of,
)
from sealane.destinations.ecs.observe import Observer
from sealane.destinations.ecs.records import Records
from sealane.destinations.ecs.schedules import Schedules
from sealane.destinations.ecs.writes import Writer
from sealane.formations.health_checks import HealthCheck
from sealane.verdicts import model as verdicts

_ORDER = {DEFINITION: 0, TASK: 1, SERVICE: 2, SCHEDULE: 3}
_EVERY = 5.0
"""Seconds between two looks at logs that are followed."""


class EcsDestination(AccountDestination[Record]):
    """The services of one account and region; a namespace is a cluster."""

    stays = "Sealane deletes no service and deregisters no task definition: do it by hand"

    def __init__(self, account: Account, records: Records, *, region: str, pace: Pace = PACE) -> None:
        super().__init__(records, pace)
        self._service, self._region = Ecs(account), region
        self._looks = Looks(self._service, records, pace)
        self._schedules = Schedules(service=Scheduler(account), records=records, pace=pace)
        self._evidence = EvidenceReader(account=account, service=self._service, looks=self._looks)

    @property
    @override
    def where(self) -> str:
        return f"ECS in {self._region}"

    @override
    async def refs(self, objects: Sequence[Manifest], *, namespace: str) -> model.Inventory:
        return tuple(model.ref_of(manifest, namespace) for manifest in _ordered(objects))

    @override
    async def diff(
        self,
        objects: Sequence[Manifest],
        *,
        identity: model.Identity,
        adopt: bool = False,
        to_delete: model.Inventory = (),
    ) -> tuple[model.ObjectChange, ...]:
        known = await self._looks.known(objects, identity.namespace)
        changes = []
        for manifest in _ordered(objects):
            ref = model.ref_of(manifest, identity.namespace)
            record, _ = await self._records.get(ref)
            context = Context(record=record, identity=identity, adopt=adopt)
            changes.append(await self._change(ref, manifest, objects, known, context))
        return ownership.once(changes)

    async def _change(
        self,
        ref: model.ObjectRef,
        manifest: Manifest,
        objects: Sequence[Manifest],
        known: Mapping[str, Definition],
        context: Context,
    ) -> model.ObjectChange:
        if manifest["kind"] == DEFINITION:
            registered = known.get(ref.name)
            newest = registered if registered and registered.active else await self._looks.newest(ref.name)
            return definition_plan.plan(ref, manifest, registered, newest, context)
        if manifest["kind"] == TASK:
            ran = bool(context.record and context.record.task)
            return model.ObjectChange(action=model.Action.NONE if ran else model.Action.CREATE, ref=ref)
        if manifest["kind"] == SCHEDULE:
            target = target_of(manifest, objects, known)
            return (await self._schedules.planned(ref, manifest, target, context)).change
        reading = await self._looks.patiently(ref, context.record)
        return apply_plan.plan(ref, manifest, target_of(manifest, objects, known), reading, context).change

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
        """The services that wait for a person on their way, and will be deployed."""
        pausing = [manifest for manifest in objects if pauses.of(manifest)]
        if as_it_serves or not pausing:
            return {}
        known = await self._looks.known(objects, identity.namespace)
        pausing_stages: dict[str, Any] = {}
        for manifest in pausing:
            ref = model.ref_of(manifest, identity.namespace)
            record, _ = await self._records.get(ref)
            reading = await self._looks.patiently(ref, record)
            context = Context(record=record, identity=identity, adopt=True)
            planned = apply_plan.plan(ref, manifest, target_of(manifest, objects, known), reading, context)
            if planned.step is Step.DEPLOY and reading.service is not None:
                pausing_stages[ref.name] = list(pauses.of(manifest))
        return pausing_stages

    @override
    def in_stages(self, objects: Sequence[Manifest], shape: stages.Shape) -> tuple[stages.Stage, ...]:
        """The service itself shifts traffic as its `deploymentConfiguration` says; a hook that asks a person ends a stage."""
        return pauses.staged(objects, shape)

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
        objects = [
            manifest
            for manifest in _ordered(objects)
            if f"{manifest['kind']}/{manifest['metadata']['name']}" not in finished
        ]
        changes = await self.diff(objects, identity=identity, adopt=adopt)
        if refusals := tuple(change.refusal for change in changes if change.refusal):
            return model.Applied(inventory=(), refusals=refusals)
        writer = Writer(
            service=self._service,
            looks=self._looks,
            schedules=self._schedules,
            identity=identity,
            fence=fence,
            adopt=adopt,
        )
        return await write_rounds.bring_all(objects, lambda manifest: writer.bring(manifest, objects))

    @override
    def observe(
        self, identity: model.Identity, wanted: model.Inventory, *, health: Sequence[HealthCheck] = ()
    ) -> AsyncIterator[verdicts.Observation]:
        return Observer(self._service, self._looks, self._schedules, wanted).observations()

    @override
    async def _as_written(self, ref: model.ObjectRef) -> object:
        if ref.kind == SCHEDULE:
            return await self._schedules.find(ref)
        if ref.kind != SERVICE:
            return None
        reading = await self._looks.patiently(ref, None)
        primary = reading.primary
        return primary and (primary.id, primary.definition, reading.service and reading.service.desired)

    @override
    def task(self, given: Manifest, *, name: str, timeout: timedelta, variables: Mapping[str, str]) -> Manifest:
        return tasks.named(given, name=name, variables=variables)

    @override
    def is_one_shot(self, ref: model.ObjectRef) -> bool:
        return ref.kind == TASK

    @override
    def ends(self, manifest: Manifest) -> bool:
        return bool(manifest["kind"] == TASK)

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
        """Deletes schedules that are not wanted any more; what is left of a service or a task definition is kept."""
        rest = await self._schedules.prune(stored, wanted, identity=identity, fence=fence, budget=budget)
        others = tuple(ref for ref in rest.inventory if ref.kind != SCHEDULE)
        kept = await super().prune(others, wanted, identity=identity, fence=fence, budget=budget)
        return replace(rest, held=(*rest.held, *kept.held))

    @override
    async def end(self, refs: model.Inventory, *, fence: model.Fence) -> None:
        """Stops tasks: the service lets one that hangs run for ever."""
        for ref in refs:
            record, _ = await self._records.get(ref) if ref.kind == TASK else (None, None)
            if record and record.task:
                await fence()
                await self._pace.patiently(functools.partial(self._stop, ref.namespace or "", record.task))

    async def _stop(self, cluster: str, task: str) -> None:
        await self._service.end(cluster, task, "Sealane: it did not end in time")

    @override
    async def _evidence_of(self, kind: str, name: str, namespace: str) -> Evidence:
        return await self._evidence.of(ref_named(kind, name, namespace))

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
        """The last lines in CloudWatch Logs; when followed, new ones as looks find them."""
        shown: dict[tuple[str, str], tuple[str, ...]] = {}
        while True:
            for ref in refs:
                for task in await self._tasks(ref, namespace):
                    if instance not in {None, task.id}:
                        continue
                    by_container = await self._evidence.lines(task, lines=max(lines, 1), container=container)
                    for name, every in by_container.items():
                        for line in _new(shown.get((task.id, name), ()), every):
                            yield f"{task.id}/{name}  {line}"
                        shown[task.id, name] = every
            if not follow:
                return
            await self._pace.sleep(_EVERY)

    async def _tasks(self, ref: model.ObjectRef, namespace: str) -> list[Any]:
        if ref.kind == SERVICE:
            every = await self._service.tasks_of(namespace, ref.name)
            return [task for task in every if task.status == "RUNNING"]
        record, _ = await self._records.get(ref)
        return list(await self._service.tasks(namespace, [record.task])) if record and record.task else []

    @override
    async def read(self, refs: model.Inventory) -> tuple[Manifest, ...]:
        there: list[Manifest] = []
        for ref in refs:
            record, _ = await self._records.get(ref)
            if ref.kind == TASK:
                there.extend([manifests.of_task(ref, record)] if record and record.task else [])
            elif ref.kind == DEFINITION:
                arn = list(record.definitions.values())[-1] if record and record.definitions else ref.name
                definition = await self._looks.newest(arn)
                there.extend([manifests.of_definition(ref, definition, record)] if definition else [])
            elif ref.kind == SCHEDULE:
                schedule = await self._schedules.find(ref)
                there.extend([manifests.of_schedule(ref, schedule, record)] if schedule else [])
            else:
                service = (await self._looks.patiently(ref, None)).service
                there.extend([manifests.of_service(ref, service, record)] if service else [])
        return tuple(there)

    @override
    async def observed(self, namespace: str) -> observed.Observed:
        others = []
        for service in await self._service.services(namespace):
            ref = ref_named(SERVICE, service.name, namespace)
            record, _ = await self._records.get(ref)
            if record is None or not model.owner_of(record.labels):
                others.append(manifests.of_service(ref, service, None))
        names = sorted({name for manifest in others if (name := manifest["spec"]["taskDefinition"])})
        return observed.Observed(version=", ".join(names), objects=tuple(others))


def _ordered(objects: Sequence[Manifest]) -> list[Manifest]:
    """Task definitions before what runs them."""
    return sorted(objects, key=lambda manifest: _ORDER.get(str(manifest["kind"]), len(_ORDER)))


def _new(before: Sequence[str], now: Sequence[str]) -> Sequence[str]:
    """The lines after those that were shown."""
    for length in range(min(len(before), len(now)), 0, -1):
        if list(before[-length:]) == list(now[:length]):
            return now[length:]
    return now
