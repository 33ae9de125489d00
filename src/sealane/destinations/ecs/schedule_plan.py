"""Decides what to do to a schedule, and whether it is as it was written. Pure: manifests and readings in, values out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sealane.clients.aws.schedule_model import Schedule
from sealane.destinations import model, ownership
from sealane.destinations.aws import record_owner
from sealane.destinations.ecs.field_changes import covers
from sealane.destinations.ecs.model import Context, Manifest, Target

_TIMES = frozenset({"StartDate", "EndDate"})


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulePlan:
    """What would change, and all fields to write."""

    change: model.ObjectChange
    given: Mapping[str, Any]


def fields_of(manifest: Manifest, target: Target) -> dict[str, Any]:
    """What the manifest asks for, with the task definition's address and the cluster's, which is in the same account."""
    spec = manifest["spec"]
    definition = target.arn or target.name
    account, _, rest = definition.partition(":task-definition/")
    cluster = {"Arn": f"{account}:cluster/{manifest['metadata'].get('namespace')}"} if rest else {}
    parameters = {**spec["Target"]["EcsParameters"], "TaskDefinitionArn": definition}
    return {**spec, "Target": {**spec["Target"], **cluster, "EcsParameters": parameters}}


def plan(ref: model.ObjectRef, wanted: Mapping[str, Any], live: Schedule | None, context: Context) -> SchedulePlan:
    """The changes that applying the manifest would make. `UpdateSchedule` replaces everything, so the rest is kept."""
    if live is None:
        fields = tuple(_changes({}, wanted))
        return SchedulePlan(change=model.ObjectChange(action=model.Action.CREATE, ref=ref, fields=fields), given=wanted)
    ref = ref.with_uid(live.arn)
    record = context.record
    owner = model.owner_of(record.labels) if record else None
    refusal = ownership.foreign(ref, owner, context.identity, adopt=context.adopt) or _elsewhere(ref, live, wanted)
    if refusal:
        change = model.ObjectChange(action=model.Action.CHANGE, ref=ref, refusal=refusal)
        return SchedulePlan(change=change, given={})
    others = record is not None and bool(record.written) and not is_as(live, record.written)
    fields = tuple(_changes(live.fields, wanted, manager=record_owner.ANOTHER if others else None))
    action = model.Action.CHANGE if fields else model.Action.NONE
    change = model.ObjectChange(action=action, ref=ref, fields=fields, adopted=owner is None)
    return SchedulePlan(change=change, given=_merged(live.fields, wanted))


def is_as(live: Schedule, written: Mapping[str, Any]) -> bool:
    """Whether all that was written is so."""
    return not list(_changes(live.fields, written))


def _elsewhere(ref: model.ObjectRef, live: Schedule, wanted: Mapping[str, Any]) -> model.Refusal | None:
    """Names of schedules are the account's and no cluster's, so that another cluster may have one of that name."""
    there, here = live.fields.get("Target", {}).get("Arn"), wanted["Target"].get("Arn")
    if not here or there == here:
        return None
    message = f"there is a schedule of that name for {there}"
    return model.Refusal(ref=ref, reason=model.Reason.INVALID, message=message, hint="give it another name")


def _changes(
    live: Mapping[str, Any], wanted: Mapping[str, Any], path: str = "spec", *, manager: str | None = None
) -> Iterator[model.FieldChange]:
    for key, value in wanted.items():
        there = live.get(key)
        if isinstance(value, Mapping):
            inside = there if isinstance(there, Mapping) else {}
            yield from _changes(inside, value, f"{path}.{key}", manager=manager)
            continue
        before, after = (_time(there), _time(value)) if key in _TIMES else (there, value)
        if not covers(before, after):
            yield model.FieldChange(path=f"{path}.{key}", before=before, after=after, manager=manager)


def _time(value: Any) -> Any:
    """One spelling of times: the service gives them in some time zone."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _merged(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(live)
    for key, value in wanted.items():
        there = live.get(key)
        merged[key] = _merged(there, value) if isinstance(value, Mapping) and isinstance(there, Mapping) else value
    return merged
