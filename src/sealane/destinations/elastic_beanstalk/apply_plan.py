"""Decides what to do to an environment, and in which order. Pure: manifests and readings in, values out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sealane.clients.aws.beanstalk_model import Environment, Event
from sealane.clients.aws.event_signs import Sign
from sealane.destinations import model, ownership
from sealane.destinations.aws import record_owner
from sealane.destinations.elastic_beanstalk.model import (
    BUNDLES,
    VARIABLES,
    EnvironmentRecord,
    Operation,
    Options,
    Reading,
    Spec,
    Step,
    holds,
    restores_itself,
)

ARRIVES = timedelta(seconds=30)
"""How long after a write with a lost answer its first event may take to be visible."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One environment: what would change, and the steps for it, in order."""

    change: model.ObjectChange
    steps: tuple[Step, ...] = ()
    options: Options = field(default_factory=dict)
    """The options that differ."""


def plan(
    ref: model.ObjectRef,
    spec: Spec,
    reading: Reading,
    record: EnvironmentRecord | None,
    identity: model.Identity,
    *,
    adopt: bool = False,
) -> Plan:
    """The changes that applying the manifest would make."""
    environment = reading.environment
    if environment is None:
        hint = "make it first; whoever may not see an environment is told that there is none"
        return _refused(
            ref, model.Reason.INVALID, f"there is no environment {ref.name} in application {ref.namespace}", hint
        )
    ref = ref.with_uid(environment.id)
    if _is_anothers(spec.bundle.get("S3Key", ""), identity.app):
        return _refused(ref, model.Reason.FORBIDDEN, f"its bundle was uploaded for another app than {identity.app}")
    owner = model.owner_of(record.labels) if record else None
    if refusal := ownership.foreign(ref, owner, identity, adopt=adopt):
        return Plan(change=model.ObjectChange(action=model.Action.CHANGE, ref=ref, refusal=refusal))
    operation = record.operation if record else None
    differing = _settings(spec, reading, operation, identity)
    fields = [
        *(_option(key, reading.options.get(key), value) for key, value in differing.items()),
        *_version(spec, reading, operation, identity),
        *_name(spec, environment),
    ]
    steps = tuple(
        step
        for step, path in ((Step.SETTINGS, "spec.OptionSettings"), (Step.VERSION, "spec.V"), (Step.SWAP, "spec.C"))
        if any(field.path.startswith(path) for field in fields)
    )
    if Step.SWAP in steps and holder(spec, reading) is None:
        message = f"no environment of application {ref.namespace} has the name {spec.cname_prefix} to be exchanged"
        return _refused(ref, model.Reason.INVALID, message, "name the one that serves now")
    action = model.Action.CHANGE if fields else model.Action.NONE
    change = model.ObjectChange(action=action, ref=ref, fields=tuple(fields), adopted=owner is None)
    return Plan(change=change, steps=steps, options=differing)


def holder(spec: Spec, reading: Reading) -> Environment | None:
    """The other environment that has the name now."""
    return next((other for other in reading.others if holds(other, spec.cname_prefix)), None)


def was_done(operation: Operation | None, step: Step, identity: model.Identity, reading: Reading) -> bool:
    """Whether this deployment already did the step for this revision; whatever the result, it is not repeated."""
    if operation is None or operation.step is not step or not record_owner.is_of(operation, identity):
        return False
    return step is Step.NOTHING or bool(request_of(operation, reading.events))


def may_have_been_done(operation: Operation | None, identity: model.Identity, reading: Reading) -> bool:
    """Whether an answer was lost so recently that its effect is still unknown."""
    if operation is None or not record_owner.is_of(operation, identity) or operation.step in {Step.NOTHING, Step.SWAP}:
        return False
    return not request_of(operation, reading.events) and reading.at < operation.at + ARRIVES


def request_of(operation: Operation, events: tuple[Event, ...]) -> str:
    """The request's id if its answer was lost: that of the first update that began since.

    The environment was idle just before, and runs one update at a time.
    """
    began = [event for event in events if event.sign is Sign.STARTING and event.at >= operation.at and event.request]
    return operation.request or (began[0].request if began else "")


def taken_by(operation: Operation, events: tuple[Event, ...]) -> Event | None:
    """The first update by somebody else since then."""
    request = request_of(operation, events)
    began = [event for event in events if event.sign is Sign.STARTING and event.at >= operation.at and event.request]
    return next((event for event in began if event.request != request), None)


def marked(
    record: EnvironmentRecord | None, identity: model.Identity, operation: Operation | None
) -> EnvironmentRecord:
    """The record after a deployment has written the environment, or found it as desired."""
    return EnvironmentRecord(
        labels=identity.labels,
        annotations=record_owner.annotations_after(record, identity),
        operation=operation or (record.operation if record else None),
    )


def _settings(
    spec: Spec, reading: Reading, operation: Operation | None, identity: model.Identity
) -> dict[tuple[str, str], str]:
    if was_done(operation, Step.SETTINGS, identity, reading):
        return {}
    return {key: value for key, value in spec.options.items() if reading.options.get(key) != value}


def _option(key: tuple[str, str], before: str | None, after: str) -> model.FieldChange:
    if before is not None and key[0] == VARIABLES:
        before = model.HIDDEN
    return model.FieldChange(path=f"spec.OptionSettings[{key[0]},{key[1]}].Value", before=before, after=after)


def _version(
    spec: Spec, reading: Reading, operation: Operation | None, identity: model.Identity
) -> list[model.FieldChange]:
    environment = reading.environment
    assert environment is not None, "it was found"
    if not spec.label or any(was_done(operation, step, identity, reading) for step in (Step.VERSION, Step.NOTHING)):
        return []
    if _is_on_its_way(spec, environment, operation):
        return []
    ours = operation is None or (
        environment.label in {operation.label, operation.before} and not taken_by(operation, reading.events)
    )
    if environment.label != spec.label:
        return [
            model.FieldChange(
                path="spec.VersionLabel",
                before=environment.label,
                after=spec.label,
                manager=None if ours else record_owner.ANOTHER,
            )
        ]
    mixed = [
        model.FieldChange(
            path=f"spec.VersionLabel (of instance {instance.id})",
            before=_runs(instance.label, instance.status),
            after=spec.label,
        )
        for instance in (reading.fleet.instances if reading.fleet else ())
        if instance.label and (instance.label != spec.label or instance.status == "Failed")
    ]
    if mixed or reading.fleet is not None:
        return mixed
    perhaps = operation is not None and operation.step is Step.VERSION and operation.label != spec.label
    if perhaps and not restores_itself(reading.options):
        before = f"{spec.label}, but on instances that nobody can tell"
        return [model.FieldChange(path="spec.VersionLabel", before=before, after=spec.label)]
    return []


def _is_on_its_way(spec: Spec, environment: Environment, operation: Operation | None) -> bool:
    """Whether an earlier deployment's update to this same version is still running."""
    return (
        operation is not None
        and operation.step is Step.VERSION
        and operation.label == spec.label
        and environment.status == "Updating"
    )


def _runs(label: str, status: str) -> str:
    return label if status == "Deployed" else f"{label} ({status})"


def _name(spec: Spec, environment: Environment) -> list[model.FieldChange]:
    """A completed swap is visible in the name itself, so one with a lost answer is never repeated."""
    if not spec.cname_prefix or holds(environment, spec.cname_prefix):
        return []
    before = environment.cname.partition(".")[0]
    return [model.FieldChange(path="spec.CNAMEPrefix", before=before, after=spec.cname_prefix)]


def _is_anothers(key: str, app: str) -> bool:
    """Whether the bundle was uploaded for another app."""
    return key.startswith(BUNDLES) and not key.startswith(f"{BUNDLES}{app}/")


def _refused(ref: model.ObjectRef, reason: model.Reason, message: str, hint: str | None = None) -> Plan:
    refusal = model.Refusal(ref=ref, reason=reason, message=message, hint=hint)
    return Plan(change=model.ObjectChange(action=model.Action.CHANGE, ref=ref, refusal=refusal))
