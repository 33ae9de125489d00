"""Whether objects have only fields that ECS has, of the right types, each fault at its place. Pure.

The schemas in `ecs_schemas.json` are generated from the SDK's own model by `python -m tests.ecs_schemas`.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sealane.destinations.ecs.model import DEFINITION, SCHEDULE, SERVICE, TASK, VERSION_OF, named_in
from sealane.findings import Finding, did_you_mean
from sealane.stencils.model import Rendered

KINDS = (SERVICE, DEFINITION, TASK, SCHEDULE)


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON Schema of all kinds, for editors too."""
    read: dict[str, Any] = json.loads(importlib.resources.files(__package__).joinpath("ecs_schemas.json").read_bytes())
    return read


def problems(rendered: Sequence[Rendered]) -> Iterator[Finding]:
    """What no object may have."""
    names = {item.name for item in rendered if item.kind == DEFINITION}
    for item in rendered:
        if item.kind not in KINDS or item.object.get("apiVersion") != VERSION_OF[item.kind]:
            message = f"ECS has no {item.object.get('apiVersion')} {item.kind}"
            hint = f"it takes {', '.join(f'{version} {kind}' for kind, version in VERSION_OF.items())}"
            yield Finding(message=message, place=item.origin.place(), hint=hint)
            continue
        faults = list(_faults(item))
        yield from faults
        if not faults:
            yield from _cluster(item)
            yield from _definition(item, names)


def _faults(item: Rendered) -> Iterator[Finding]:
    for error in sorted(
        _validator(item.kind).iter_errors(item.object), key=lambda error: [str(part) for part in error.path]
    ):
        yield _finding(item, error)


@functools.cache
def _validator(kind: str) -> Any:
    import jsonschema

    whole = schema()
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": whole["$defs"]})


def _finding(item: Rendered, error: Any) -> Finding:
    path = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        known = tuple(error.schema["properties"])
        strange = next(key for key in error.instance if key not in known)
        where = (*path, strange)
        message = f"there is no field {'.'.join(str(part) for part in where)}"
        return Finding(message=message, place=item.origin.key_place(where), hint=did_you_mean(str(strange), known))
    name = ".".join(str(part) for part in path)
    hint = did_you_mean(str(error.instance), error.validator_value) if error.validator == "enum" else None
    return Finding(message=f"{name or item.kind}: {error.message}", place=item.origin.place(path), hint=hint)


def _cluster(item: Rendered) -> Iterator[Finding]:
    """The formation's namespace is the cluster, so operators can set which ones an app may use."""
    spec: Mapping[str, Any] = item.object.get("spec") or {}
    namespace = item.object["metadata"].get("namespace")
    for key, own in (("cluster", namespace), ("serviceName", item.name), ("family", item.name)):
        if key in spec and spec[key] != own:
            what = "formation's namespace" if key == "cluster" else "name"
            message = f"{key} is {spec[key]}, and the {what} {own}: they are the same thing"
            yield Finding(message=message, place=item.origin.place(("spec", key)), hint="leave it out")


def _definition(item: Rendered, names: set[str]) -> Iterator[Finding]:
    """A task definition is one of the stencils, or an address with its revision: a bare family means the newest one."""
    if item.kind == DEFINITION:
        return
    named = named_in(item.object)
    if named in names or named.rpartition(":")[2].isdigit():
        return
    message = f"the stencils have no TaskDefinition {named}"
    hint = did_you_mean(named, names) or "add it, or give its whole address with the revision"
    where = ("Target", "EcsParameters", "TaskDefinitionArn") if item.kind == SCHEDULE else ("taskDefinition",)
    yield Finding(message=message, place=item.origin.place(("spec", *where)), hint=hint)
