"""Decides whether a task definition has to be registered. Pure: manifests and what is registered in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealane.clients.aws.ecs_model import Definition
from sealane.destinations import diff, model, ownership
from sealane.destinations.ecs.model import Context, Manifest, Record, fields_of

_MOST = 50
"""Task definitions of a family that are remembered: those that may be rolled back to, and many more."""


def plan(
    ref: model.ObjectRef,
    manifest: Manifest,
    registered: Definition | None,
    newest: Definition | None,
    context: Context,
) -> model.ObjectChange:
    """The change that applying the manifest would make: a revision of the family, or none if its content is registered."""
    owner = model.owner_of(context.record.labels) if context.record else None
    if newest is not None and (refusal := ownership.foreign(ref, owner, context.identity, adopt=context.adopt)):
        return model.ObjectChange(action=model.Action.CHANGE, ref=ref, refusal=refusal)
    if registered is not None and registered.active:
        return model.ObjectChange(action=model.Action.NONE, ref=ref.with_uid(registered.arn), adopted=owner is None)
    wanted = {"spec": fields_of(manifest)}
    if registered is not None:
        change = model.FieldChange(path="status", before="INACTIVE", after="ACTIVE")
        return model.ObjectChange(action=model.Action.CHANGE, ref=ref.with_uid(registered.arn), fields=(change,))
    if newest is None:
        return model.ObjectChange(action=model.Action.CREATE, ref=ref, fields=diff.differences({"spec": {}}, wanted))
    before = {"spec": _shown({key: newest.fields.get(key) for key in wanted["spec"]}, wanted["spec"])}
    fields = diff.differences(before, wanted)
    return model.ObjectChange(action=model.Action.CHANGE, ref=ref.with_uid(newest.arn), fields=fields)


def _shown(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What is there, without values of variables that are to change: somebody may have written a secret into one."""
    given = {container.get("name"): _variables(container) for container in wanted.get("containerDefinitions") or ()}
    containers = [
        _hidden(container, given.get(container.get("name"), {}))
        for container in there.get("containerDefinitions") or ()
    ]
    return {**there, **({"containerDefinitions": containers} if containers else {})}


def _hidden(container: Mapping[str, Any], wanted: Mapping[str, str]) -> Mapping[str, Any]:
    there = _variables(container)
    if not there:
        return container
    shown = [
        {"name": name, "value": value if wanted.get(name) == value else model.HIDDEN} for name, value in there.items()
    ]
    return {**container, "environment": shown}


def _variables(container: Mapping[str, Any]) -> dict[str, str]:
    return {str(variable.get("name")): str(variable.get("value")) for variable in container.get("environment") or ()}


def noted(record: Record, content: str, arn: str) -> dict[str, str]:
    """The family's task definitions on record, with one more."""
    others = [(key, value) for key, value in record.definitions.items() if key != content]
    return dict([*others, (content, arn)][-_MOST:])
