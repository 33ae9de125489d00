"""Writes the types of Kubernetes' own kinds from a real cluster's OpenAPI documents: `python -m tests.openapi`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds, schemas
from sealane.destinations.kubernetes.stencils import openapi
from testbed import golang, record

FILE = Path(openapi.__file__).with_suffix(".json")
_GROUPS = ("", "apps", "batch", "autoscaling", "policy")
_SKIPPED = ("List", "Options", "Review", "Status", "Event", "Scale", "Eviction", "Binding")
_SCALARS = ("string", "integer", "number", "boolean")


def is_builtin(group: str, kind: str) -> bool:
    """Whether it is a kind of Kubernetes' own that somebody may put into a stencil."""
    own = group in _GROUPS or group.endswith(".k8s.io")
    return own and not kind.endswith(_SKIPPED)


async def table(cluster: clusters.Cluster) -> openapi.Table:
    """The table as the cluster has it."""
    version = golang.KUBERNETES_VERSION.rpartition(".")[0]
    made = openapi.Table(kubernetes=version, kinds={}, types={})
    for group, api, kind in sorted(await cluster.resource_kinds()):
        if not is_builtin(group, kind):
            continue
        wanted = kinds.whole(f"{group}/{api}" if group else api, kind)
        schema = await cluster.schema(wanted)
        if schema is not None and schema.fields:
            made.kinds[f"{wanted.api_version} {kind}"] = add(schema, made)
    kinds_of, types = dict(sorted(made.kinds.items())), dict(sorted(made.types.items()))
    return openapi.Table(kubernetes=version, kinds=kinds_of, types=types)


def add(schema: schemas.Schema, made: openapi.Table) -> str:
    """Adds a type that has fields, once."""
    name = short(schema.name)
    if name in made.types:
        return name
    fields: dict[str, str] = {}
    made.types[name] = openapi.Type(fields=fields)
    for key, nested in sorted(schema.fields.items()):
        # What a status holds is the cluster's; nobody writes it, and an exported manifest may have it.
        fields[key] = openapi.ANY if key == "status" else placed(nested, f"{name}.{key}", made)
    return name


def placed(schema: schemas.Schema, name: str, made: openapi.Table) -> str:
    """The name of a field's type, which is added: an object's, or a list's or map's by the field's own name."""
    if schema.fields:
        return add(schema, made)
    if schema.item is not None:
        item = placed(schema.item, f"{name}[]", made)
        item_of = schema.item
        keys = {key: (field.default or None) if (field := item_of.field(key)) else None for key in schema.keys} or None
        made.types[name] = openapi.Type(item=item, keys=keys, once=schema.is_set)
        return name
    values = schema.plain.get("additionalProperties")
    if isinstance(values, Mapping) and (inner := schema.field("")) is not None:
        made.types[name] = openapi.Type(value=placed(inner, f"{name}{{}}", made))
        return name
    return plain(schema.plain)


def plain(written: Mapping[str, Any]) -> str:
    """The name of a plain value's type."""
    kinds_of = [
        str(alternative.get("type")) for alternative in written.get("oneOf") or () if isinstance(alternative, Mapping)
    ]
    if kinds_of:
        return "|".join(sorted(kinds_of)) if set(kinds_of) <= set(_SCALARS) else openapi.ANY
    if written.get("format") == "int-or-string":
        return "integer|string"
    own = written.get("type")
    return str(own) if own in _SCALARS else openapi.ANY


def short(name: str) -> str:
    """The name of a type without what all of them begin with."""
    for prefix in ("io.k8s.api.", "io.k8s.apimachinery.pkg.apis.", "io.k8s."):
        name = name.removeprefix(prefix)
    return name


async def main() -> None:
    bed = record.read(Path(os.environ.get("SEALANE_BED_HOME", "~/.cache/sealane/testbed")).expanduser() / "bed.json")
    async with clusters.Cluster.connect(Path(bed.admin_kubeconfig)) as cluster:
        made = await table(cluster)
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    print(f"wrote {FILE.name}: Kubernetes {made.kubernetes}, {len(made.kinds)} kinds, {len(made.types)} types")


if __name__ == "__main__":
    asyncio.run(main())
