"""Writes the keys of Kubernetes' own lists from a real cluster's OpenAPI documents: `python -m tests.list_keys`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds, schemas
from sealane.stencils import list_keys
from testbed import record

FILE = Path(list_keys.__file__).with_suffix(".json")
_GROUPS = ("", "apps", "batch", "autoscaling", "policy")
_SKIPPED = ("List", "Options", "Review", "Status", "Event", "Scale", "Eviction", "Binding")


def is_builtin(group: str, kind: str) -> bool:
    """Whether it is a kind of Kubernetes' own that somebody may put into a stencil."""
    own = group in _GROUPS or group.endswith(".k8s.io")
    return own and not kind.endswith(_SKIPPED)


async def table(cluster: clusters.Cluster) -> list_keys.Table:
    """The table as the cluster has it."""
    made = list_keys.Table(kinds={}, types={})
    for group, version, kind in sorted(await cluster.known()):
        if not is_builtin(group, kind):
            continue
        wanted = kinds.whole(f"{group}/{version}" if group else version, kind)
        schema = await cluster.schema(wanted)
        if schema is not None and (spec := add(schema, made, ())):
            made.kinds[f"{wanted.api_version} {kind}"] = spec
    return list_keys.Table(kinds=dict(sorted(made.kinds.items())), types=dict(sorted(made.types.items())))


def add(schema: schemas.Schema, made: list_keys.Table, above: tuple[str, ...]) -> str | None:
    """Adds a type; None when it leads to no keyed list. `above` are the types it is looked at from."""
    name = short(schema.name)
    if name in made.types:
        return name
    if name in above:
        return None
    below = (*above, name)
    fields = {
        key: found
        for key, each in sorted(schema.fields.items())
        if key != "status" and (found := placed(each, f"{name}.{key}", made, below))
    }
    if not fields:
        return None
    made.types[name] = list_keys.Type(fields=fields)
    return name


def placed(schema: schemas.Schema, name: str, made: list_keys.Table, above: tuple[str, ...]) -> str | None:
    """Adds the type of one field: an object's, or a list's by the field's own name."""
    if schema.item is None:
        return add(schema, made, above) if schema.name else None
    item = add(schema.item, made, above) if schema.item.name else None
    item_of = schema.item
    keys = {key: (each.default or None) if (each := item_of.field(key)) else None for key in schema.keys} or None
    if not (item or keys or schema.is_set):
        return None
    made.types[name] = list_keys.Type(item=item, keys=keys, once=schema.is_set)
    return name


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
    print(f"wrote {FILE.name}: {len(made.kinds)} kinds, {len(made.types)} types")


if __name__ == "__main__":
    asyncio.run(main())
