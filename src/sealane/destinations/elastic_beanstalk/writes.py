"""Writes an environment: one update at a time, recorded before its request, so that a lost answer can't cause a second one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sealane import errors
from sealane.clients.aws.account import Rejected
from sealane.clients.aws.beanstalk import Beanstalk, Busy
from sealane.destinations import model
from sealane.destinations.aws import record_owner, write_rounds
from sealane.destinations.aws.write_rounds import Brought
from sealane.destinations.elastic_beanstalk import apply_plan
from sealane.destinations.elastic_beanstalk.looks import Looks
from sealane.destinations.elastic_beanstalk.model import EnvironmentRecord, Operation, Reading, Spec, Step, spec_of
from sealane.destinations.elastic_beanstalk.records import Records

_VERSION_SECONDS = 300
"""How long the service may take to process a version's files."""


@dataclass(kw_only=True)
class Writer:
    """Makes environments match their manifests. `queue` is how long it waits for somebody else's update."""

    service: Beanstalk
    looks: Looks
    records: Records
    identity: model.Identity
    fence: model.Fence
    adopt: bool
    queue: timedelta

    async def bring(self, manifest: Mapping[str, Any]) -> Brought:
        """Runs the missing updates, one after the other. A repetition does nothing. Raises Unavailable."""
        ref, spec = model.ref_of(manifest, self.identity.namespace), spec_of(manifest)
        return await write_rounds.until_over(lambda: self._round(ref, spec), self.looks.pace)

    async def _round(self, ref: model.ObjectRef, spec: Spec) -> Brought:
        """A look, and the next update if one is needed."""
        record, tag = await self.records.get(ref)
        reading = await self.looks.patiently(ref, record)
        operation = record.operation if record else None
        if apply_plan.may_have_been_done(operation, self.identity, reading):
            return Brought(ref=ref, over=False)
        plan = apply_plan.plan(ref, spec, reading, record, self.identity, adopt=self.adopt)
        ref, refusal = plan.change.ref, plan.change.refusal
        if not plan.steps and not refusal and not self._is_going_on(operation, reading):
            return Brought(ref=ref, was_there=await self._note(ref, spec, reading, record, tag))
        refusal = refusal or await self._version(ref, spec, plan.steps) or self._taken(ref, operation, reading)
        if refusal:
            return Brought(ref=ref, refusal=refusal)
        if reading.environment is None or reading.environment.status != "Ready":
            await self._make_way(ref, operation, reading)
            return Brought(ref=ref, over=False, wait=_busy(ref, self.queue, reading))
        return await self._tried(ref, spec, plan, reading, record, tag)

    async def _tried(
        self,
        ref: model.ObjectRef,
        spec: Spec,
        plan: apply_plan.Plan,
        reading: Reading,
        record: EnvironmentRecord | None,
        tag: str | None,
    ) -> Brought:
        try:
            await self._write(ref, spec, plan, reading, record, tag)
        except errors.Unavailable as error:
            return Brought(ref=ref, over=False, changed=True, lost=error)
        except Rejected as rejected:
            await self._not_done(ref, record)
            if isinstance(rejected, Busy):  # the reading was out of date
                return Brought(ref=ref, over=False, wait=_busy(ref, self.queue, reading))
            return write_rounds.rejected(ref, rejected)
        return Brought(ref=ref, over=False, changed=True)

    async def _write(
        self,
        ref: model.ObjectRef,
        spec: Spec,
        plan: apply_plan.Plan,
        reading: Reading,
        record: EnvironmentRecord | None,
        tag: str | None,
    ) -> None:
        step, environment = plan.steps[0], reading.environment
        assert environment is not None, "it was found"
        other = apply_plan.holder(spec, reading) if step is Step.SWAP else None
        operation = Operation(
            step=step,
            sequence=self.identity.sequence,
            revision=self.identity.revision,
            label=spec.label if step is Step.VERSION and spec.label else environment.label,
            before=environment.label,
            at=reading.at,
            prefix=spec.cname_prefix if other else "",
        )
        await self.fence()
        noted = apply_plan.marked(record, self.identity, operation)
        tag = await self.records.keep(ref, noted, over=tag)
        await self.fence()
        match step:
            case Step.SETTINGS:
                options = [
                    {"Namespace": namespace, "OptionName": name, "Value": value}
                    for (namespace, name), value in plan.options.items()
                ]
                request = await self.service.configure(ref.name, options)
            case Step.VERSION:
                request = await self.service.deploy(ref.name, spec.label)
            case _:
                assert other is not None, "the plan found who has the name"
                request = await self.service.swap(ref.name, other.name)
        await self.records.keep(ref, replace(noted, operation=replace(operation, request=request)), over=tag)

    async def _not_done(self, ref: model.ObjectRef, record: EnvironmentRecord | None) -> None:
        """Removes the record of a rejected request, so that somebody else's update is not mistaken for it."""
        _, tag = await self.records.get(ref)
        await self.fence()
        await self.records.keep(ref, record or EnvironmentRecord(), over=tag)

    async def _note(
        self, ref: model.ObjectRef, spec: Spec, reading: Reading, record: EnvironmentRecord | None, tag: str | None
    ) -> bool:
        """Stores the new owner, and the id of a request with a lost answer; returns whether nothing was written."""
        operation, environment = record.operation if record else None, reading.environment
        assert environment is not None, "it was found"
        if operation and record_owner.is_of(operation, self.identity):
            operation = replace(operation, request=apply_plan.request_of(operation, reading.events))
        elif not (operation and operation.label == spec.label and environment.status == "Updating"):
            operation = Operation(
                step=Step.NOTHING,
                sequence=self.identity.sequence,
                revision=self.identity.revision,
                label=spec.label or environment.label,
                before=environment.label,
                at=reading.at,
            )
        noted = apply_plan.marked(record, self.identity, operation)
        if noted != record:
            await self.fence()
            await self.records.keep(ref, noted, over=tag)
        return operation.step is Step.NOTHING

    async def _version(self, ref: model.ObjectRef, spec: Spec, steps: tuple[Step, ...]) -> model.Refusal | None:
        """Ensures that the application has the version, made from exactly the requested bundle."""
        if Step.VERSION not in steps:
            return None
        application, began = ref.namespace or "", self.looks.pace.now()
        try:
            while True:
                version = await self.service.version(application, spec.label)
                if version is None and not spec.bundle:
                    message = f"application {application} has no version {spec.label}, it may have been cleaned up"
                    hint = "make it, or give the SourceBundle that it is made from"
                    return model.Refusal(ref=ref, reason=model.Reason.INVALID, message=message, hint=hint)
                if version is None:
                    await self.fence()
                    words = f"{self.identity.owner} {self.identity.release}"
                    version = await self.service.create_version(application, spec.label, spec.bundle, words)
                if spec.bundle and version.bundle != spec.bundle:
                    return _other_bundle(ref, spec, version.bundle)
                if version.status == "FAILED":
                    message = f"the service can't process version {spec.label}: its configuration files are wrong"
                    return model.Refusal(ref=ref, reason=model.Reason.INVALID, message=message)
                if version.status not in {"PROCESSING", "BUILDING"}:
                    return None
                if self.looks.pace.now() > began + timedelta(seconds=_VERSION_SECONDS):
                    raise errors.Unavailable(f"version {spec.label} is not processed yet", hint="try again")
                await self.looks.pace.sleep(5)
        except Rejected as rejected:
            return write_rounds.rejected(ref, rejected).refusal

    def _taken(self, ref: model.ObjectRef, operation: Operation | None, reading: Reading) -> model.Refusal | None:
        """After this deployment's first write, somebody else's update is never overwritten."""
        if operation is None or operation.sequence != self.identity.sequence:
            return None
        other = apply_plan.taken_by(operation, reading.events)
        if other is None:
            return None
        message = f"{reading.whose} began at {other.at:%H:%M:%S} UTC, and is left alone"
        return model.Refusal(ref=ref, reason=model.Reason.SUPERSEDED, message=message)

    def _is_going_on(self, operation: Operation | None, reading: Reading) -> bool:
        """Whether this deployment's update to another revision still runs: it still has the old label, which says nothing."""
        environment = reading.environment
        if operation is None or environment is None or environment.status == "Ready":
            return False
        return operation.sequence == self.identity.sequence and operation.revision != self.identity.revision

    async def _make_way(self, ref: model.ObjectRef, operation: Operation | None, reading: Reading) -> None:
        """For a rollback, aborts this deployment's own running update."""
        environment = reading.environment
        if environment is not None and environment.abortable and self._is_going_on(operation, reading):
            await self.fence()
            try:
                await self.service.abort(ref.name)
            except Rejected as rejected:
                if rejected.denied:
                    raise  # else it has just ended


def _busy(ref: model.ObjectRef, queue: timedelta, reading: Reading) -> model.Wait:
    message = f"{reading.whose} has been under way for more than {queue.total_seconds():g} s"
    refusal = model.Refusal(
        ref=ref, reason=model.Reason.FORBIDDEN, message=message, hint="deploy again once it is over"
    )
    return model.Wait(limit=queue, refusal=refusal)


def _other_bundle(ref: model.ObjectRef, spec: Spec, bundle: Mapping[str, str]) -> model.Refusal:
    there = f"{bundle.get('S3Bucket', '?')}/{bundle.get('S3Key', '?')}"
    message = f"version {spec.label} is there already, of another bundle ({there})"
    return model.Refusal(ref=ref, reason=model.Reason.IMMUTABLE, message=message, hint="give each build its own label")
