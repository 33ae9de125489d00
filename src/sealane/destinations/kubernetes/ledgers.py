"""A formation's ledger, kept in a ConfigMap beside its objects, for command lines that have no server."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping
from typing import Any

import msgspec

from sealane import errors as ours
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import model

_KEY = "ledger.json.gz"


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    inventory: model.Inventory = ()
    entries: dict[str, str] = {}


def name_of(app: str, formation: str) -> str:
    """The ConfigMap's name."""
    return f"sealane-inventory-{app}-{formation}"


async def read(cluster: clusters.Cluster, app: str, formation: str, *, namespace: str) -> model.Ledger:
    """The ledger; empty when there is none yet."""
    found = await cluster.find(kinds.CONFIG_MAP, name_of(app, formation), namespace=namespace)
    if found is None:
        return model.Ledger()
    return _decoded(found, f"ConfigMap {namespace}/{name_of(app, formation)}")


async def write(
    cluster: clusters.Cluster, ledger: model.Ledger, app: str, formation: str, *, namespace: str, fence: model.Fence
) -> model.Ledger:
    """Writes it against the version it was read at, and gives it with the new one."""
    manifest = _manifest(ledger, app, formation, namespace)
    await fence()
    try:
        if ledger.version is None:
            made = await cluster.create(manifest, namespace=namespace)
        else:
            made = await cluster.apply(manifest, namespace=namespace, force=True, version=ledger.version)
    except errors.NoNamespace as error:
        raise ours.NotThere(f"there is no namespace {namespace}", mend="create it first") from error
    except errors.Conflict as error:
        message = f"another deployment of {app}/{formation} is under way in namespace {namespace}"
        raise ours.Conflicting(message, mend="wait for it, then try again") from error
    return model.Ledger(
        inventory=ledger.inventory, entries=dict(ledger.entries), version=made["metadata"]["resourceVersion"]
    )


def _manifest(ledger: model.Ledger, app: str, formation: str, namespace: str) -> dict[str, Any]:
    content = msgspec.json.encode(_Content(inventory=ledger.inventory, entries=dict(ledger.entries)))
    packed = base64.b64encode(gzip.compress(content, mtime=0)).decode()
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name_of(app, formation),
            "namespace": namespace,
            "labels": {model.MANAGED_BY: "sealane", model.APP: app, model.FORMATION: formation},
        },
        "binaryData": {_KEY: packed},
    }


def _decoded(found: Mapping[str, Any], where: str) -> model.Ledger:
    try:
        packed = (found.get("binaryData") or {})[_KEY]
        content = msgspec.json.decode(gzip.decompress(base64.b64decode(packed)), type=_Content)
    except (KeyError, ValueError, OSError, EOFError) as error:
        mend = "restore it from a backup, or delete it: then nothing will be pruned"
        raise ours.SealaneError(f"{where} does not hold an inventory", mend=mend) from error
    version = found["metadata"]["resourceVersion"]
    return model.Ledger(inventory=content.inventory, entries=content.entries, version=version)
