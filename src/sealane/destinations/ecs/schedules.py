"""Scheduled tasks: written whole, looked at once they are, and deleted when no stencil has them any more."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any

from sealane.clients.aws.account import Rejected
from sealane.clients.aws.schedule_model import Schedule
from sealane.clients.aws.scheduler import Scheduler
from sealane.destinations import deletions, model
from sealane.destinations.aws import seen, write_rounds
from sealane.destinations.aws.pace import Pace
from sealane.destinations.aws.seen import Seen
from sealane.destinations.aws.write_rounds import Brought
from sealane.destinations.ecs import apply_plan, schedule_plan
from sealane.destinations.ecs.model import SCHEDULE, Context, Manifest, Record, Target, short
from sealane.destinations.ecs.records import Records
from sealane.destinations.ecs.task_start import token
from sealane.verdicts import model as verdicts


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedules:
    """The schedules of one account and region."""

    service: Scheduler
    records: Records
    pace: Pace

    async def find(self, ref: model.ObjectRef) -> Schedule | None:
        """The schedule as it is; None if there is none. Raises Unavailable, Rejected."""
        return await self.pace.patiently(lambda: self.service.get(ref.name))

    async def planned(
        self, ref: model.ObjectRef, manifest: Manifest, target: Target, context: Context
    ) -> schedule_plan.SchedulePlan:
        """What applying the manifest would change."""
        placed = {**manifest, "metadata": {**manifest["metadata"], "namespace": ref.namespace}}
        wanted = schedule_plan.fields_of(placed, target)
        return schedule_plan.plan(ref, wanted, await self.find(ref), context)

    async def bring(
        self, ref: model.ObjectRef, manifest: Manifest, target: Target, context: Context, fence: model.Fence
    ) -> Brought:
        """Writes it, if it differs. A repetition does nothing. Raises Unavailable."""
        record, tag = await self.records.get(ref)
        planned = await self.planned(ref, manifest, target, replace(context, record=record))
        change = planned.change
        if change.refusal:
            return Brought(ref=change.ref, refusal=change.refusal)
        noted = apply_plan.marked(record, context.identity, written=_plain(planned.given), asked=self.pace.now())
        if change.action is model.Action.CREATE:
            former = {key: value for key, value in noted.annotations.items() if key != model.ADOPTED}
            noted = replace(noted, annotations={**former, model.CREATED: str(context.identity.sequence)})
        if change.action is model.Action.NONE:
            kept = replace(noted, asked=record.asked if record else None)
            if kept != record:
                await fence()
                await self.records.keep(ref, kept, over=tag)
            return Brought(ref=change.ref, was_there=True)
        await fence()
        tag = await self.records.keep(ref, noted, over=tag)
        await fence()
        try:
            arn = await self.pace.patiently(lambda: self._written(ref, planned, context.identity))
        except Rejected as rejected:
            await fence()
            await self.records.keep(ref, record or Record(), over=tag)
            return write_rounds.rejected(ref, rejected)
        return Brought(ref=ref.with_uid(arn), changed=True)

    async def _written(
        self, ref: model.ObjectRef, planned: schedule_plan.SchedulePlan, identity: model.Identity
    ) -> str:
        if planned.change.action is model.Action.CREATE:
            own = token(identity.owner, ref.name, str(identity.sequence), identity.revision)
            return await self.service.create(ref.name, planned.given, token=own)
        return await self.service.update(ref.name, planned.given)

    async def look(self, ref: model.ObjectRef) -> Seen:
        """Whether it is there as it was written last: nothing else of a schedule can be proven before its time."""
        name, now = f"{ref.kind}/{ref.name}", self.pace.now()
        record, _ = await self.records.get(ref)
        if record is None or not record.written:
            return Seen(workload=seen.waiting(name, "it is not written yet"))
        try:
            live = await self.service.get(ref.name)
        except Rejected as rejected:
            return seen.unproven(name, rejected.message, now)
        if live is not None and schedule_plan.is_as(live, record.written):
            return Seen(workload=_good(name, record, live, now))
        asked = record.asked or now
        if now < asked + apply_plan.VISIBLE:
            return Seen(workload=seen.waiting(name, "what was written is not to be seen yet"))
        kind = verdicts.FactKind.SUPERSEDED if live else verdicts.FactKind.RESOURCE_FAILED
        words = "somebody else changed it" if live else "it is gone"
        fact = verdicts.Fact(kind=kind, object=name, workload=name, since=now, words=words)
        return Seen(workload=seen.waiting(name, words), facts=(fact,))

    async def prune(
        self,
        stored: model.Inventory,
        wanted: model.Inventory,
        *,
        identity: model.Identity,
        fence: model.Fence,
        budget: deletions.Budget,
    ) -> deletions.Pruned:
        """Deletes those that are not wanted any more, within the budget."""
        live: dict[model.Key, deletions.LiveObject] = {}
        for ref in deletions.candidates(stored, wanted):
            record, _ = await self.records.get(ref)
            if ref.kind == SCHEDULE and (schedule := await self.find(ref)):
                labels, annotations = (record.labels, record.annotations) if record else ({}, {})
                live[ref.key] = deletions.LiveObject(uid=schedule.arn, labels=labels, annotations=annotations)
        planned = deletions.plan(
            tuple(ref for ref in stored if ref.kind == SCHEDULE),
            wanted,
            live=live,
            identity=identity,
            budget=budget,
        )
        for ref in planned.delete:
            await fence()
            await self.pace.patiently(functools.partial(self.service.delete, ref.name))
            await self._disown(ref, fence)
        for ref in planned.give_back:
            await self._disown(ref, fence)
        left = {ref.key for ref in (*planned.delete, *planned.give_back, *planned.gone)}
        rest = tuple(ref for ref in stored if ref.key not in left)
        return deletions.Pruned(deleted=planned.delete, held=planned.held, inventory=rest)

    async def _disown(self, ref: model.ObjectRef, fence: model.Fence) -> None:
        _, tag = await self.records.get(ref)
        await fence()
        await self.records.keep(ref, Record(), over=tag)


def _good(name: str, record: Record, live: Schedule, now: Any) -> verdicts.Workload:
    definition = live.fields.get("Target", {}).get("EcsParameters", {}).get("TaskDefinitionArn", "")
    disabled = live.fields.get("State") == "DISABLED"
    return verdicts.Workload(
        object=name,
        health=verdicts.Health.READY,
        desired=1,
        updated=1,
        ready=1,
        old=0,
        ready_since=record.asked or now,
        message=f"starts {short(str(definition))}",
        note="is disabled: it starts nothing" if disabled else "",
    )


def _plain(fields: Any) -> Any:
    """As JSON can keep it."""
    if isinstance(fields, dict):
        return {key: _plain(value) for key, value in fields.items()}
    if isinstance(fields, list | tuple):
        return [_plain(value) for value in fields]
    return fields.isoformat() if hasattr(fields, "isoformat") else fields
