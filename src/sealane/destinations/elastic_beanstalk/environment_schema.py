"""The JSON Schema of an environment, generated from the service's own model; a test generates it again and compares. Pure."""

from __future__ import annotations

from typing import Any

SPEC: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "ApplicationName": {"type": "string", "minLength": 1, "maxLength": 100},
        "VersionLabel": {"type": "string", "minLength": 1, "maxLength": 100},
        "SourceBundle": {
            "type": "object",
            "additionalProperties": False,
            "required": ["S3Bucket", "S3Key"],
            "properties": {
                "S3Bucket": {"type": "string", "maxLength": 255},
                "S3Key": {"type": "string", "maxLength": 1024},
            },
        },
        "OptionSettings": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["Namespace", "OptionName", "Value"],
                "properties": {
                    "Namespace": {"type": "string"},
                    "OptionName": {"type": "string"},
                    "Value": {"type": ["string", "number", "boolean"]},
                },
            },
        },
        "CNAMEPrefix": {"type": "string", "minLength": 4, "maxLength": 63},
    },
    "anyOf": [{"required": ["VersionLabel"]}, {"required": ["OptionSettings"]}],
    "dependentRequired": {"SourceBundle": ["VersionLabel"]},
}

ENVIRONMENT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "An environment of Elastic Beanstalk",
    "type": "object",
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "properties": {
        "apiVersion": {"const": "elasticbeanstalk.amazonaws.com/v1"},
        "kind": {"const": "Environment"},
        "metadata": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {
                    "type": "string",
                    "minLength": 4,
                    "maxLength": 40,
                    "pattern": "^[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]$",
                }
            },
        },
        "spec": SPEC,
    },
}
