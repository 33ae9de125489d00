"""The JSON Schemas of ECS' objects, from the SDK's own model: `python -m tests.ecs_schemas` writes them anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session

FILE = Path(__file__).parents[1] / "src/sealane/destinations/ecs/ecs_schemas.json"
_KINDS = {
    "Service": ("ecs", "CreateService"),
    "TaskDefinition": ("ecs", "RegisterTaskDefinition"),
    "Task": ("ecs", "RunTask"),
    "Schedule": ("scheduler", "CreateSchedule"),
}
_OURS = {
    "clientToken", "startedBy", "group", "referenceId", "deploymentController", "count",
    "Name", "GroupName", "ClientToken", "ActionAfterCompletion",
}  # fmt: skip
_OF_TARGET = ("RoleArn", "EcsParameters", "Input", "RetryPolicy", "DeadLetterConfig")
"""Of a schedule's target: the cluster is the formation's, and other kinds of targets are not ECS."""
"""What a manifest does not say: Sealane's own, or what it can't judge."""
_REQUIRED = {
    "Service": ["taskDefinition"],
    "TaskDefinition": ["containerDefinitions"],
    "Task": ["taskDefinition"],
    "Schedule": ["ScheduleExpression", "FlexibleTimeWindow", "Target"],
}


def made() -> dict[str, Any]:
    session = botocore.session.get_session()
    shapes: dict[str, Any] = {}
    for kind, (service, operation) in _KINDS.items():
        first = "" if service == "ecs" else service.title()
        spec = _schema(session.get_service_model(service).operation_model(operation).input_shape, shapes, first)
        fields = dict(shapes.pop(spec["$ref"].rpartition("/")[2])["properties"])
        fields = {name: value for name, value in fields.items() if name not in _OURS}
        shapes[kind] = {
            "type": "object",
            "required": ["apiVersion", "kind", "metadata", "spec"],
            "properties": {
                "apiVersion": {"const": f"{service}.amazonaws.com/v1"},
                "kind": {"const": kind},
                "metadata": {"type": "object", "required": ["name"], "properties": {"name": _NAME}},
                "spec": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": _REQUIRED[kind],
                    "properties": fields,
                },
            },
        }
    target = shapes["SchedulerTarget"]
    target["properties"] = {name: target["properties"][name] for name in _OF_TARGET}
    target["required"] = ["RoleArn", "EcsParameters"]
    for unused in [name for name in shapes if f'#/$defs/{name}"' not in json.dumps(shapes) and name not in _KINDS]:
        del shapes[unused]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A service, task definition, task or scheduled task of ECS",
        "oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in _KINDS],
        "$defs": dict(sorted(shapes.items())),
    }


_NAME = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,255}$"}
_PLAIN = {"integer": "integer", "long": "integer", "boolean": "boolean", "double": "number", "float": "number"}


def _schema(shape: Any, shapes: dict[str, Any], first: str = "") -> dict[str, Any]:
    kind = shape.type_name
    if kind == "structure":
        own = f"{first}{shape.name}"
        if own not in shapes:
            shapes[own] = {}
            fields = {name: _schema(member, shapes, first) for name, member in shape.members.items()}
            required = {"required": list(shape.required_members)} if shape.required_members else {}
            shapes[own] = {"type": "object", "additionalProperties": False, "properties": fields, **required}
        return {"$ref": f"#/$defs/{own}"}
    if kind == "list":
        return {"type": "array", "items": _schema(shape.member, shapes, first)}
    if kind == "map":
        return {"type": "object", "additionalProperties": _schema(shape.value, shapes, first)}
    if kind in _PLAIN:
        limits = {"minimum": shape.metadata.get("min"), "maximum": shape.metadata.get("max")}
        return {"type": _PLAIN[kind], **{key: value for key, value in limits.items() if value is not None}}
    if kind == "timestamp":
        return {"type": "string"}
    return {"type": "string", **({"enum": list(shape.enum)} if shape.enum else {})}


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1, sort_keys=True) + "\n")
