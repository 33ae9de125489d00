"""The JSON Schemas of ECS' objects, from the SDK's own model: `python -m tests.ecs_schemas` writes them anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session

FILE = Path(__file__).parents[1] / "src/sealane/destinations/ecs/ecs_schemas.json"
_KINDS = {"Service": "CreateService", "TaskDefinition": "RegisterTaskDefinition", "Task": "RunTask"}
_OURS = {"clientToken", "startedBy", "group", "referenceId", "deploymentController", "count"}
"""What a manifest does not say: Sealane's own, or what it can't judge."""
_REQUIRED = {"Service": ["taskDefinition"], "TaskDefinition": ["containerDefinitions"], "Task": ["taskDefinition"]}


def made() -> dict[str, Any]:
    model = botocore.session.get_session().get_service_model("ecs")
    shapes: dict[str, Any] = {}
    for kind, operation in _KINDS.items():
        spec = _schema(model.operation_model(operation).input_shape, shapes)
        fields = dict(shapes.pop(spec["$ref"].rpartition("/")[2])["properties"])
        fields = {name: value for name, value in fields.items() if name not in _OURS}
        shapes[kind] = {
            "type": "object",
            "required": ["apiVersion", "kind", "metadata", "spec"],
            "properties": {
                "apiVersion": {"const": "ecs.amazonaws.com/v1"},
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
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A service, task definition or task of ECS",
        "oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in _KINDS],
        "$defs": dict(sorted(shapes.items())),
    }


_NAME = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,255}$"}
_PLAIN = {"integer": "integer", "long": "integer", "boolean": "boolean", "double": "number", "float": "number"}


def _schema(shape: Any, shapes: dict[str, Any]) -> dict[str, Any]:
    kind = shape.type_name
    if kind == "structure":
        if shape.name not in shapes:
            shapes[shape.name] = {}
            fields = {name: _schema(member, shapes) for name, member in shape.members.items()}
            required = {"required": list(shape.required_members)} if shape.required_members else {}
            shapes[shape.name] = {"type": "object", "additionalProperties": False, "properties": fields, **required}
        return {"$ref": f"#/$defs/{shape.name}"}
    if kind == "list":
        return {"type": "array", "items": _schema(shape.member, shapes)}
    if kind == "map":
        return {"type": "object", "additionalProperties": _schema(shape.value, shapes)}
    if kind in _PLAIN:
        limits = {"minimum": shape.metadata.get("min"), "maximum": shape.metadata.get("max")}
        return {"type": _PLAIN[kind], **{key: value for key, value in limits.items() if value is not None}}
    if kind == "timestamp":
        return {"type": "string"}
    return {"type": "string", **({"enum": list(shape.enum)} if shape.enum else {})}


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), indent=1, sort_keys=True) + "\n")
