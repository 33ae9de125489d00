"""JSON Schemas of files, for editors, from the same models that read them. Pure: takes a model, returns a document."""

from __future__ import annotations

import functools
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from sealane.configfiles import attribute_docs
from sealane.configfiles.documents import Path
from sealane.configfiles.fields import File

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@functools.cache
def schema(model: type[File]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that accepts what the model does; treat it as read-only.

    >>> schema(MyFile)["$schema"]
    'https://json-schema.org/draft/2020-12/schema'
    """
    generated = model.model_json_schema(mode="validation", schema_generator=_Generate)
    title = " ".join((model.__doc__ or model.__name__).split())
    return {"$schema": DIALECT, "title": title, **_tidy(generated)}


def keys_at(model: type[File], path: Path) -> set[str]:
    """The allowed keys of a mapping at the path of a file, in any of its forms."""
    whole = schema(model)
    parts = [whole]
    for element in path:
        parts = [child for part in parts for child in _children(whole, part, element)]
    return {key for part in parts for variant in _variants(whole, part) for key in variant.get("properties", ())}


def description_at(model: type[File], path: Path) -> str | None:
    """The model's description of the value at the path, or None."""
    whole = schema(model)
    parts = [whole]
    for element in path:
        parts = [child for part in parts for child in _children(whole, part, element)]
    variants = (variant for part in parts for variant in _variants(whole, part))
    return next((str(variant["description"]) for variant in variants if "description" in variant), None)


class _Generate(GenerateJsonSchema):
    """Describes each field by the text under it. Omits titles made from names of fields: an editor shows the text."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        generated = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        texts, properties = attribute_docs.of(model), generated.get("properties", {})
        for name, field in model.model_fields.items():
            key = field.alias or name
            if field.description is None and name in texts and key in properties:
                properties[key]["description"] = texts[name]
        return generated

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _tidy(node: Any) -> Any:
    """Removes names of classes and empty defaults, and closes mappings whose names follow a pattern."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    named = {key: value for key, value in node.items() if key != "properties"}
    tidied = {key: _tidy(value) for key, value in named.items() if key != "title" and (key, value) != ("default", None)}
    if "properties" in node:
        tidied["properties"] = {key: _tidy(value) for key, value in node["properties"].items()}
    if "patternProperties" in tidied and "properties" not in tidied:
        ((pattern, values),) = tidied.pop("patternProperties").items()
        tidied["propertyNames"] = tidied.get("propertyNames", {}) | {"pattern": pattern}
        tidied["additionalProperties"] = values
    return tidied


def _variants(whole: dict[str, Any], part: dict[str, Any]) -> list[dict[str, Any]]:
    """The part with references followed, as a list of its alternatives."""
    if "$ref" in part:
        return _variants(whole, whole["$defs"][part["$ref"].rsplit("/", 1)[-1]])
    alternatives = [*part.get("oneOf", ()), *part.get("anyOf", ())]
    return [part, *(variant for alternative in alternatives for variant in _variants(whole, alternative))]


def _children(whole: dict[str, Any], part: dict[str, Any], element: str | int) -> list[dict[str, Any]]:
    children = []
    for variant in _variants(whole, part):
        if isinstance(element, int):
            children.append(variant.get("items"))
        else:
            children.append(variant.get("properties", {}).get(element) or variant.get("additionalProperties"))
    return [child for child in children if isinstance(child, dict)]
