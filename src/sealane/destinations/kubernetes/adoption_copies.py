"""Copies of objects from before their adoption, in a Secret beside each, if its own annotations can't or must not hold them.

The Secret is written before the object, and is owned by it, so the cluster deletes both together.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import model
from sealane.destinations.kubernetes import refusals

_KEY = "before"
_SECRET = kinds.whole("v1", "Secret")


async def keep(
    cluster: clusters.Cluster, ref: model.ObjectRef, before: bytes, *, identity: model.Identity
) -> model.Refusal | None:
    """Stores the copy; returns a refusal to adopt the object if the cluster rejects the copy.

    Replaces an existing copy, which is from an adoption that was never written.
    """
    namespace = ref.namespace or identity.namespace
    owner = {"apiVersion": ref.api_version, "kind": ref.kind, "name": ref.name, "uid": ref.uid}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": _name(ref), "namespace": namespace, "labels": identity.labels, "ownerReferences": [owner]},
        "data": {_KEY: base64.b64encode(before).decode()},
    }
    try:
        await cluster.apply(secret, namespace=namespace, force=True)
    except errors.ClusterError as error:
        if (refusal := refusals.of_error(ref, error)) is None:
            raise
        message = f"what {ref.kind} {ref.name} was before can't be kept in a Secret: {error.answer}"
        return model.Refusal(ref=ref, reason=refusal.reason, message=message, hint="make a copy and delete it by hand")
    return None


async def kept(cluster: clusters.Cluster, ref: model.ObjectRef, *, identity: model.Identity) -> bytes | None:
    """The stored copy; None if there is none, or it can't be read."""
    secret = None
    with suppress(errors.Forbidden):
        secret = await cluster.find(_SECRET, _name(ref), namespace=ref.namespace or identity.namespace)
    try:
        return base64.b64decode(((secret or {}).get("data") or {})[_KEY])
    except (KeyError, binascii.Error):
        return None


async def forget(cluster: clusters.Cluster, ref: model.ObjectRef, *, identity: model.Identity) -> None:
    """Deletes the copy of an object that was given back."""
    with suppress(errors.NotFound, errors.Forbidden):
        await cluster.delete(_SECRET, _name(ref), namespace=ref.namespace or identity.namespace)


def _name(ref: model.ObjectRef) -> str:
    return f"sealane-before-{ref.uid}"
