"""Tasks of hooks and gates, as they are written: under their own names, with variables. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealane.destinations.ecs.model import Manifest


def named(given: Manifest, *, name: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """The task to write for a rendered one; `variables` are set in every container, in addition to the manifest's."""
    spec = dict(given["spec"])
    definition = spec.get("taskDefinition")
    containers = _containers(definition) if isinstance(definition, Mapping) else ()
    overrides = dict(spec.get("overrides") or {})
    own = {str(override.get("name")): dict(override) for override in overrides.get("containerOverrides") or ()}
    for container in containers:
        own[container] = _with_variables(own.get(container, {"name": container}), variables)
    if own and variables:
        spec["overrides"] = {**overrides, "containerOverrides": list(own.values())}
    return {**given, "metadata": {**given["metadata"], "name": name}, "spec": spec}


def _containers(definition: Manifest) -> tuple[str, ...]:
    return tuple(
        str(container["name"]) for container in (definition.get("spec") or {}).get("containerDefinitions") or ()
    )


def _with_variables(override: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    own = list(override.get("environment") or ())
    taken = {variable.get("name") for variable in own}
    added = [{"name": name, "value": value} for name, value in variables.items() if name not in taken]
    return {**override, "environment": [*own, *added]}
