"""Writes services: one deployment at a time, recorded before its request, so that a lost answer can't cause a second one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sealane import errors
from sealane.clients.aws.account import Rejected
from sealane.clients.aws.ecs import Ecs, NotStarted
from sealane.clients.aws.ecs_model import Definition, ServiceDeployment
from sealane.destinations import model
from sealane.destinations.aws import record_owner, write_rounds
from sealane.destinations.aws.write_rounds import Brought
from sealane.destinations.ecs import apply_plan, definition_plan, pauses
from sealane.destinations.ecs.looks import Looks
from sealane.destinations.ecs.model import (
    DEFINITION,
    RESTARTED,
    SCHEDULE,
    SERVICE,
    TASK,
    Context,
    Manifest,
    Operation,
    Reading,
    Record,
    Step,
    content_of,
    fields_of,
    short,
    target_of,
)
from sealane.destinations.ecs.schedules import Schedules
from sealane.destinations.ecs.task_start import TaskStart, token


@dataclass(frozen=True, kw_only=True, slots=True)
class _Round:
    """A service as one round found it."""

    ref: model.ObjectRef
    manifest: Manifest
    definition: str
    reading: Reading
    record: Record | None
    tag: str | None

    @property
    def operation(self) -> Operation | None:
        return self.record.operation if self.record else None


@dataclass(kw_only=True)
class Writer:
    """Makes services, task definitions and tasks match their manifests."""

    service: Ecs
    looks: Looks
    schedules: Schedules
    identity: model.Identity
    fence: model.Fence
    adopt: bool
    _known: dict[str, Definition] = field(default_factory=dict, init=False)
    """The task definitions that it has brought, by name: they come before the services that run them."""

    async def bring(self, manifest: Manifest, objects: Sequence[Manifest]) -> Brought:
        """Writes what is missing of one object. A repetition does nothing. Raises Unavailable."""
        ref = model.ref_of(manifest, self.identity.namespace)
        try:
            if manifest["kind"] == SERVICE:
                brought = await self._service(ref, manifest, objects)
                return replace(brought, was_there=brought.was_there and not brought.changed)
            if manifest["kind"] == SCHEDULE:
                context = Context(record=None, identity=self.identity, adopt=self.adopt)
                target = target_of(manifest, objects, self._known)
                return await self.schedules.bring(ref, manifest, target, context, self.fence)
            if manifest["kind"] == TASK:
                return await self._task(ref, manifest)
            definition, changed = await self.definition(manifest)
            self._known[ref.name] = definition
            return Brought(ref=ref.with_uid(definition.arn), changed=changed, was_there=not changed)
        except Rejected as rejected:
            return write_rounds.rejected(ref, rejected)

    async def definition(self, manifest: Manifest) -> tuple[Definition, bool]:
        """The task definition with exactly that content; registered if there is none, or only one that was deregistered."""
        ref, fields = model.ref_of(manifest, self.identity.namespace), fields_of(manifest)
        content = content_of(fields)
        found, changed = await self.looks.registered(manifest, self.identity.namespace), False
        if found is None or not found.active:
            newest = await self.looks.newest(str(fields["family"]))  # that of an answer that was lost
            if newest and newest.content == content:
                found = newest
            else:
                await self.fence()
                found, changed = await self.looks.pace.patiently(lambda: self._registered(fields, content)), True
        record, tag = await self.looks.records.get(ref)
        definitions = definition_plan.noted(record or Record(), content, found.arn)
        await self._keep(ref, apply_plan.marked(record, self.identity, definitions=definitions), record, tag)
        return found, changed

    async def _registered(self, fields: Mapping[str, Any], content: str) -> Definition:
        newest = await self.service.definition(str(fields["family"]))
        if newest and newest.content == content:
            return newest
        return await self.service.register(fields, content)

    async def _service(self, ref: model.ObjectRef, manifest: Manifest, objects: Sequence[Manifest]) -> Brought:
        target = target_of(manifest, objects, self._known)

        async def do_round() -> Brought:
            record, tag = await self.looks.records.get(ref)
            reading = await self.looks.patiently(ref, record)
            found = _Round(ref=ref, manifest=manifest, definition=target.arn, reading=reading, record=record, tag=tag)
            context = Context(record=record, identity=self.identity, adopt=self.adopt)
            return await self._round(found, apply_plan.plan(ref, manifest, target, reading, context))

        return await write_rounds.until_over(do_round, self.looks.pace)

    async def _round(self, found: _Round, plan: apply_plan.Plan) -> Brought:
        """The next write, if one is needed."""
        ref, operation, reading = plan.change.ref, found.operation, found.reading
        if apply_plan.may_have_been_done(operation, self.identity, reading):
            return Brought(ref=ref, over=False)
        if refusal := plan.change.refusal or self._taken(ref, operation, reading):
            return Brought(ref=ref, refusal=refusal)
        if plan.step is Step.NOTHING:
            if await self._goes_on(found):
                return Brought(ref=ref, over=False, changed=True)
            return Brought(ref=ref, was_there=await self._note(found))
        if plan.step is Step.DEPLOY and apply_plan.is_busy(reading, operation):
            return Brought(ref=ref, over=False, wait=apply_plan.busy(ref))
        return await self._tried(ref, found, plan)

    async def _tried(self, ref: model.ObjectRef, found: _Round, plan: apply_plan.Plan) -> Brought:
        own = self._to_stop(found)
        try:
            await (self._stop(found, own) if own else self._write(found, plan))
        except errors.Unavailable as error:
            return Brought(ref=ref, over=False, changed=True, lost=error)
        except Rejected as rejected:
            await self._not_done(found)
            if own and rejected.code == "ConflictException":  # it has just ended
                return Brought(ref=ref, over=False)
            return write_rounds.rejected(ref, rejected)
        return Brought(ref=ref, over=False, changed=True)

    async def _write(self, found: _Round, plan: apply_plan.Plan) -> None:
        primary, deploys = found.reading.primary, plan.step is Step.DEPLOY
        operation = Operation(
            step=plan.step,
            sequence=self.identity.sequence,
            revision=self.identity.revision,
            definition=found.definition or (primary.definition if primary else ""),
            before=primary.definition if primary else "",
            at=found.reading.at,
            primary=primary.id if primary else "",
            until=pauses.until_of(found.manifest),
        )
        noted = self._marked(found, operation)
        await self.fence()
        tag = await self.looks.records.keep(found.ref, noted, over=found.tag)
        await self.fence()
        cluster, name = self.identity.namespace, found.ref.name
        given = {**plan.given, **({"taskDefinition": operation.definition} if deploys else {})}
        if found.reading.service is None:
            once = token(self.identity.owner, found.ref.name, str(self.identity.sequence), self.identity.revision)
            service = await self.service.create(cluster, name, given, once)
        else:
            forced = {"forceNewDeployment": True} if plan.forced else {}
            service = await self.service.update(cluster, name, {**given, **forced})
        now = service.primary
        own = now.id if now and now.id != operation.primary else ""
        step = operation.step if own or not deploys else Step.NOTHING
        await self.looks.records.keep(
            found.ref, replace(noted, operation=replace(operation, deployment=own, step=step)), over=tag
        )

    async def _goes_on(self, found: _Round) -> bool:
        """Lets our own deployment go as far as this stage says; whether there is more to look at."""
        operation, until = found.operation, pauses.until_of(found.manifest)
        if operation is None or not record_owner.is_of(operation, self.identity):
            return False
        own = apply_plan.deployment_of(operation, found.reading)
        if own is None or own.over or operation.step is not Step.DEPLOY:
            return False
        passage = pauses.passage(operation, own, until)
        if passage.after != operation:
            await self._keep(found.ref, self._marked(found, passage.after), found.record, found.tag)
        if passage.hook:
            await self.fence()
            await self.looks.pace.patiently(lambda: self.service.go_on(own.arn, passage.hook, back=False))
        return bool(passage.hook) or passage.after != operation or pauses.is_led_back(own, found.manifest, until)

    def _to_stop(self, found: _Round) -> ServiceDeployment | None:
        """Our own deployment under way, if the service can roll it back to what is desired now."""
        operation = found.operation
        if operation is None or operation.sequence != self.identity.sequence:
            return None
        own = apply_plan.deployment_of(operation, found.reading)
        if own is None or own.over or own.goes_back:
            return None
        if operation.step is Step.DEPLOY and operation.revision != self.identity.revision:
            return own if found.definition in {operation.before, *own.sources} else None
        return own if operation.step is Step.STOP else None

    async def _stop(self, found: _Round, own: ServiceDeployment) -> None:
        operation = found.operation
        assert operation is not None, "it is ours"
        stopping = Operation(
            step=Step.STOP,
            sequence=self.identity.sequence,
            revision=self.identity.revision,
            definition=found.definition,
            before=own.definition,
            at=own.created,
            primary=operation.primary
            if operation.step is Step.STOP
            else apply_plan.rollout_of(operation, found.reading),
            stopped=own.arn,
        )
        await self.fence()
        await self.looks.records.keep(found.ref, self._marked(found, stopping), over=found.tag)
        await self.fence()
        await self.service.stop(own.arn)

    async def _not_done(self, found: _Round) -> None:
        """Removes the record of a rejected request, so that somebody else's deployment is not mistaken for it."""
        _, tag = await self.looks.records.get(found.ref)
        await self.fence()
        await self.looks.records.keep(found.ref, found.record or Record(), over=tag)

    async def _note(self, found: _Round) -> bool:
        """Stores the new owner, and the id of a deployment with a lost answer; returns whether the service rolled back itself.

        What the service is rolling back is kept as such, so that its end is waited for.
        """
        operation, reading, primary = found.operation, found.reading, found.reading.primary
        own = apply_plan.deployment_of(operation, reading) if operation else None
        if operation and record_owner.is_of(operation, self.identity):
            operation = replace(operation, deployment=apply_plan.rollout_of(operation, reading))
        else:
            there = found.definition or (primary.definition if primary else "")
            ours = operation is not None and operation.sequence == self.identity.sequence
            goes = operation is not None and own is not None and own.goes_back and operation.before == found.definition
            operation = Operation(
                step=Step.BACK if goes else Step.NOTHING,
                sequence=self.identity.sequence,
                revision=self.identity.revision,
                definition=there,
                before=operation.definition if operation and ours else there,
                at=own.created if goes and own else reading.at,
                primary=primary.id if primary else "",
                stopped=own.arn if goes and own else "",
            )
        await self._keep(found.ref, self._marked(found, operation), found.record, found.tag)
        return operation.step in {Step.BACK, Step.NOTHING} and operation.before != operation.definition

    def _marked(self, found: _Round, operation: Operation) -> Record:
        marked = apply_plan.marked(
            found.record, self.identity, operation=operation, written=dict(found.manifest.get("spec") or {})
        )
        restarted = (found.manifest["metadata"].get("annotations") or {}).get(RESTARTED)
        return replace(marked, annotations={**marked.annotations, **({RESTARTED: restarted} if restarted else {})})

    async def _keep(self, ref: model.ObjectRef, record: Record, old: Record | None, tag: str | None) -> None:
        if record != old:
            await self.fence()
            await self.looks.records.keep(ref, record, over=tag)

    def _taken(self, ref: model.ObjectRef, operation: Operation | None, reading: Reading) -> model.Refusal | None:
        """After this deployment's first write, somebody else's deployment is never overwritten."""
        if operation is None or operation.sequence != self.identity.sequence:
            return None
        other = apply_plan.taken_by(operation, reading)
        if other is None:
            return None
        message = (
            f"somebody else deployed {short(other.definition)} at {other.created:%H:%M:%S} UTC, which is left alone"
        )
        return model.Refusal(ref=ref, reason=model.Reason.SUPERSEDED, message=message)

    async def _task(self, ref: model.ObjectRef, manifest: Manifest) -> Brought:
        definition = manifest["spec"]["taskDefinition"]
        if isinstance(definition, Mapping):
            inline = {"apiVersion": manifest["apiVersion"], "kind": DEFINITION, **definition}
            definition = (await self.definition(inline))[0].arn
        started = TaskStart(service=self.service, looks=self.looks, identity=self.identity, fence=self.fence)
        try:
            arn, changed = await started.once(ref, {**manifest["spec"], "taskDefinition": definition})
        except NotStarted as none:
            message = f"no task was started: {none.message}"
            return Brought(ref=ref, refusal=model.Refusal(ref=ref, reason=model.Reason.QUOTA, message=message))
        return Brought(ref=ref.with_uid(arn), changed=changed, was_there=not changed)
