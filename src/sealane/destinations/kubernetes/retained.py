"""Fields that Sealane gave up and nobody else owns, but that stay after an apply. Pure.

The API server keeps some values of an object as long as it lives (a Service's `clusterIP`), and fills in defaults for
others. Fields that a new object would have too are not reported; other ones are, because the stencil no longer sets them.
A dry run under an unused name shows what a new object would have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from sealane import hashing
from sealane.clients.kubernetes import errors
from sealane.destinations import model, ownership
from sealane.destinations.kubernetes import field_managers, field_trees
from sealane.secrets import manifest_secrets

Manifest = Mapping[str, Any]

_STEPS = re.compile(r"[^.\[\]]+|\[[^\]]*\]")


def stand_in(manifest: Manifest) -> dict[str, Any]:
    """The manifest under an unused name, to be created in a dry run."""
    metadata = manifest["metadata"]
    name = f"sealane-{hashing.content_id(metadata['name'])[-12:]}"
    return {**manifest, "metadata": {**metadata, "name": name}}


def renamed(made: Manifest, manifest: Manifest) -> dict[str, Any]:
    """The result for the stand-in, under the manifest's own name."""
    new = str(made["metadata"]["name"]).encode()
    text: bytes = msgspec.json.encode(made)
    result: dict[str, Any] = msgspec.json.decode(text.replace(new, str(manifest["metadata"]["name"]).encode()))
    return result


def without_causes(manifest: Manifest, causes: Sequence[errors.Cause]) -> dict[str, Any]:
    """The manifest without the fields that make a creation fail, such as a port that the object itself uses."""
    whole: Any = manifest
    for cause in causes:
        whole = _less(whole, _STEPS.findall(cause.field))
    return {**whole}


def news(stays: field_trees.Fields, there: Any, made: Any) -> dict[str, Any]:
    """The fields that a new object would not have, or with other values."""
    added: dict[str, Any] = {}
    for key, inner in stays.items():
        has, part = field_trees.part(made, key)
        own = field_trees.part(there, key)[1]
        if inner and has:
            if deeper := news(inner, own, part):
                added[key] = deeper
        elif not has or part != own:
            added[key] = inner
    return added


def fields_left(
    fields: field_trees.Fields, there: Manifest, ref: model.ObjectRef, *, ours: field_trees.Fields
) -> Iterator[model.FieldLeft]:
    """Each field in words. `ours` are those that Sealane itself keeps at their live values."""
    for leaf, value in _leaves(fields, there):
        (path,) = field_managers.paths(leaf)
        hidden = manifest_secrets.is_secret(there) and path.partition(".")[0] in ("data", "stringData")
        if field_trees.shared(leaf, ours):
            why, hint = "it is left as it is there, for an autoscaler that may come", "write the value that you want"
        else:
            why = "the cluster keeps it as long as the object lives"
            hint = f"write the value that you want, or make the object anew: {ownership.rename(ref)}"
        yield model.FieldLeft(path=path, value=model.HIDDEN if hidden else value, why=why, hint=hint)


def _leaves(fields: field_trees.Fields, node: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    for key, inner in fields.items():
        value = field_trees.part(node, key)[1]
        if not inner:
            yield {key: {}}, value
        for deeper, leaf in _leaves(inner, value):
            yield {key: deeper}, leaf


def _less(node: Any, steps: Sequence[str]) -> Any:
    """A copy without the value at the path; unchanged if there is none."""
    if not steps:
        return node
    step, rest = steps[0], steps[1:]
    if isinstance(node, Mapping) and step in node:
        left = {key: value for key, value in node.items() if key != step}
        return {**left, step: _less(node[step], rest)} if rest else left
    if isinstance(node, list) and step[1:-1].isdigit() and int(step[1:-1]) < len(node):
        at = int(step[1:-1])
        return [*node[:at], *([_less(node[at], rest)] if rest else []), *node[at + 1 :]]
    return node
