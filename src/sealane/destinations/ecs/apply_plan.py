"""Decides what to do to a service. Pure: manifests and readings in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sealane.clients.aws.ecs_model import Rollout, Service, ServiceDeployment
from sealane.destinations import model, ownership
from sealane.destinations.aws import record_owner
from sealane.destinations.ecs import field_changes
from sealane.destinations.ecs.model import RESTARTED, Context, Manifest, Operation, Reading, Record, Step, Target, short

VISIBLE = timedelta(seconds=60)
"""How long after a write its deployment may take to be visible."""
BEFORE = timedelta(seconds=2)
"""How much earlier than our own time a deployment of ours may seem to have begun."""
_OTHERS = timedelta(minutes=20)
"""How long somebody else's deployment is waited for; one that never ends holds up nobody after that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One service: what would change, and how."""

    change: model.ObjectChange
    step: Step = Step.NOTHING
    given: Mapping[str, Any] = field(default_factory=dict)
    """The fields to write, without the task definition."""
    forced: bool = False
    """Whether a deployment is needed although no field says so."""


def plan(
    ref: model.ObjectRef,
    manifest: Manifest,
    target: Target,
    reading: Reading,
    context: Context,
) -> Plan:
    """The changes that applying the manifest would make."""
    spec, service, record, identity = manifest.get("spec") or {}, reading.service, context.record, context.identity
    if service is None:
        fields = tuple(model.FieldChange(path=f"spec.{key}", before=None, after=value) for key, value in spec.items())
        change = model.ObjectChange(action=model.Action.CREATE, ref=ref, fields=fields)
        given = {key: value for key, value in spec.items() if key not in field_changes.NAMES}
        return Plan(change=change, step=Step.DEPLOY, given=given)
    ref = ref.with_uid(service.arn)
    if refusal := _refusal(ref, service, record, identity, adopt=context.adopt):
        return Plan(change=model.ObjectChange(action=model.Action.CHANGE, ref=ref, refusal=refusal))
    operation = record.operation if record else None
    settings = list(field_changes.changes(spec, service, record.written if record else {}))
    if fixed := [change for change in settings if change.path.removeprefix("spec.") in field_changes.FIXED]:
        path = fixed[0].path
        message = f"{path} can't be changed from {fixed[0].before} to {fixed[0].after}"
        refused = model.Refusal(
            ref=ref, reason=model.Reason.IMMUTABLE, message=message, hint="make another service", fields=(path,)
        )
        return Plan(change=model.ObjectChange(action=model.Action.CHANGE, ref=ref, refusal=refused))
    version, forced = _version(target, reading, operation, identity), _restart(manifest, record)
    every = (*settings, *version, *forced)
    change = model.ObjectChange(
        action=model.Action.CHANGE if every else model.Action.NONE,
        ref=ref,
        fields=every,
        adopted=record is None or model.owner_of(record.labels) is None,
    )
    step = Step.DEPLOY if version or forced else Step.SETTINGS if settings else Step.NOTHING
    given = {change.path.removeprefix("spec."): change.after for change in settings}
    again = any(change.before == change.after for change in version)
    return Plan(change=change, step=step, given=given, forced=bool(forced) or again)


def _refusal(
    ref: model.ObjectRef, service: Service, record: Record | None, identity: model.Identity, *, adopt: bool
) -> model.Refusal | None:
    owner = model.owner_of(record.labels) if record else None
    if refusal := ownership.foreign(ref, owner, identity, adopt=adopt):
        return refusal
    if service.controller != "ECS":
        message = f"its deployments are made by {service.controller}, not by ECS itself"
        return model.Refusal(ref=ref, reason=model.Reason.INVALID, message=message, hint="use the controller ECS")
    if service.status != "ACTIVE":
        message = f"the service is {service.status}: somebody deleted it"
        return model.Refusal(ref=ref, reason=model.Reason.INVALID, message=message, hint="wait until it is gone")
    return None


def _version(
    target: Target, reading: Reading, operation: Operation | None, identity: model.Identity
) -> list[model.FieldChange]:
    """The change of the task definition; none if this deployment asked for it already, whatever became of it."""
    primary = reading.primary
    if not target.name or was_done(operation, identity, reading):
        return []
    there = primary.definition if primary else ""
    if primary and there == target.arn:
        failed = primary.state == "FAILED"
        return [_changed(there, target.arn)] if failed and not _goes_back_to(target.arn, operation, reading) else []
    if _goes_back_to(target.arn, operation, reading):
        return []
    ours = operation is None or taken_by(operation, reading) is None
    return [_changed(there, target.arn or target.name, manager=None if ours else record_owner.ANOTHER)]


def _changed(before: str, after: str, *, manager: str | None = None) -> model.FieldChange:
    return model.FieldChange(path="spec.taskDefinition", before=short(before), after=short(after), manager=manager)


def _goes_back_to(definition: str, operation: Operation | None, reading: Reading) -> bool:
    """Whether the service is rolling our deployment back to it."""
    if operation is None or operation.before != definition or operation.definition == definition:
        return False
    own = deployment_of(operation, reading)
    return own is not None and own.goes_back and not own.over


def _restart(manifest: Manifest, record: Record | None) -> tuple[model.FieldChange, ...]:
    asked = (manifest["metadata"].get("annotations") or {}).get(RESTARTED)
    done = record.annotations.get(RESTARTED) if record else None
    if not asked or asked == done:
        return ()
    return (model.FieldChange(path=f"metadata.annotations[{RESTARTED}]", before=done, after=asked),)


def was_done(operation: Operation | None, identity: model.Identity, reading: Reading) -> bool:
    """Whether this deployment already did it for this revision; whatever the result, it is not repeated."""
    if operation is None or not record_owner.is_of(operation, identity):
        return False
    if operation.step is Step.STOP:
        own = deployment_of(operation, reading)
        return own is not None and own.goes_back
    return operation.step is not Step.DEPLOY or rollout_of(operation, reading) != ""


def may_have_been_done(operation: Operation | None, identity: model.Identity, reading: Reading) -> bool:
    """Whether an answer was lost so recently that its effect is still unknown."""
    if operation is None or not record_owner.is_of(operation, identity) or operation.step is not Step.DEPLOY:
        return False
    return not rollout_of(operation, reading) and reading.at < operation.at + VISIBLE


def rollout_of(operation: Operation, reading: Reading) -> str:
    """The id of our own deployment, if its answer was lost: the first one of that task definition since."""
    if operation.deployment or operation.step is not Step.DEPLOY or reading.service is None:
        return operation.deployment
    rollouts = [
        rollout
        for rollout in reading.service.rollouts
        if rollout.id != operation.primary
        and rollout.definition == operation.definition
        and rollout.created >= operation.at - BEFORE
    ]
    return min(rollouts, key=lambda rollout: rollout.created).id if rollouts else ""


def deployment_of(operation: Operation, reading: Reading) -> ServiceDeployment | None:
    """Our own deployment with its own end: the first of its task definition since."""
    if operation.step in {Step.STOP, Step.BACK}:
        return next((deployment for deployment in reading.deployments if deployment.arn == operation.stopped), None)
    if operation.step is not Step.DEPLOY:
        return None
    return next(
        (
            deployment
            for deployment in reading.deployments
            if deployment.definition == operation.definition and deployment.created >= operation.at - BEFORE
        ),
        None,
    )


def taken_by(operation: Operation, reading: Reading) -> Rollout | None:
    """Somebody else's deployment that took the place of ours; the service's own rollback is nobody else's."""
    primary, own = reading.primary, deployment_of(operation, reading)
    if primary is None or primary.id in {rollout_of(operation, reading), operation.primary, operation.deployment}:
        return None
    if primary.created < operation.at - BEFORE:
        return None
    if primary.definition == operation.before and (primary.goes_back or (own and own.goes_back)):
        return None
    if operation.step is not Step.DEPLOY and primary.definition == operation.definition:
        return None
    if operation.step is Step.DEPLOY and not rollout_of(operation, reading):
        return None if reading.at < operation.at + VISIBLE else primary
    return primary


def is_busy(reading: Reading, operation: Operation | None) -> bool:
    """Whether somebody else's deployment is under way."""
    primary = reading.primary
    if primary is None or primary.state != "IN_PROGRESS" or reading.at > primary.created + _OTHERS:
        return False
    return operation is None or primary.id != rollout_of(operation, reading)


def marked(record: Record | None, identity: model.Identity, **changed: Any) -> Record:
    """The record after a deployment has written the object, or found it as desired."""
    annotations = record_owner.annotations_after(record, identity, kept=(RESTARTED,))
    return replace(record or Record(), labels=identity.labels, annotations=annotations, **changed)


def busy(ref: model.ObjectRef) -> model.Wait:
    """The wait for somebody else's deployment."""
    message = "somebody else's deployment of it has not ended"
    refusal = model.Refusal(
        ref=ref, reason=model.Reason.FORBIDDEN, message=message, hint="deploy again once it is over"
    )
    return model.Wait(limit=2 * _OTHERS, refusal=refusal)
