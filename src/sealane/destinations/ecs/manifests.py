"""Services and tasks in the form of manifests. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealane.clients.aws.ecs_model import Definition, Service
from sealane.clients.aws.schedule_model import Schedule
from sealane.destinations import live_manifests, model
from sealane.destinations.ecs import field_changes
from sealane.destinations.ecs.model import Record, short

_SHOWN = (
    "desiredCount",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "deploymentConfiguration",
    "schedulingStrategy",
    "healthCheckGracePeriodSeconds",
    "enableExecuteCommand",
)


def of_service(ref: model.ObjectRef, service: Service, record: Record | None) -> dict[str, Any]:
    """A service as an object."""
    primary = service.primary
    spec = {key: service.fields[key] for key in _SHOWN if service.fields.get(key) not in (None, [], {})}
    return _object(ref, service.arn, record, {"taskDefinition": short(primary.definition) if primary else "", **spec})


def of_definition(ref: model.ObjectRef, definition: Definition, record: Record | None) -> dict[str, Any]:
    """A task definition as an object; values of variables are hidden, any of which may be a secret."""
    containers = [_without_values(container) for container in definition.fields.get("containerDefinitions") or ()]
    return _object(ref, definition.arn, record, {**definition.fields, "containerDefinitions": containers})


def of_schedule(ref: model.ObjectRef, schedule: Schedule, record: Record | None) -> dict[str, Any]:
    """A schedule as an object; its input is hidden, because variables in it may be secrets."""
    target = schedule.fields.get("Target", {})
    hidden = {**target, **({"Input": model.HIDDEN} if target.get("Input") else {})}
    return _object(ref, schedule.arn, record, {**schedule.fields, "Target": hidden})


def of_task(ref: model.ObjectRef, record: Record) -> dict[str, Any]:
    """A task that was started, as an object."""
    return _object(ref, record.task, record, {})


def _object(ref: model.ObjectRef, uid: str, record: Record | None, spec: Mapping[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in spec.items() if key not in field_changes.NAMES or key == "taskDefinition"}
    return live_manifests.manifest(ref, record, shown, uid=uid)


def _without_values(container: Mapping[str, Any]) -> dict[str, Any]:
    hidden = [{**variable, "value": model.HIDDEN} for variable in container.get("environment") or ()]
    return {**container, **({"environment": hidden} if hidden else {})}
