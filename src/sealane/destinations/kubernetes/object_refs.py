"""References of manifests as a cluster knows them: with a namespace only where their kind has one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sealane.charts import release_objects
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import model
from sealane.destinations.kubernetes import apply_order
from sealane.stencils.objects import kind_of

_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")


class ObjectRefs:
    """The references of objects, of which some may define the kinds of others."""

    def __init__(self, cluster: clusters.Cluster, objects: Sequence[Mapping[str, Any]], *, namespace: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._scopes = dict(_defined(manifest) for manifest in objects if kind_of(manifest) == _DEFINITION)

    async def ref(self, manifest: Mapping[str, Any], *, strict: bool = False) -> model.ObjectRef:
        """The reference. Unknown kinds count as namespaced or, if `strict`, raise UnknownKind."""
        defined = kind_of(manifest)
        try:
            namespaced = (await self._cluster.resource(kinds.of(manifest))).namespaced
        except errors.UnknownKind:
            if strict and defined not in self._scopes:
                raise
            namespaced = self._scopes.get(defined, True)
        own = (manifest.get("metadata") or {}).get("namespace")
        return model.ref_of(manifest, (own or self._namespace) if namespaced else None)


async def refs(cluster: clusters.Cluster, objects: Sequence[Mapping[str, Any]], *, namespace: str) -> model.Inventory:
    """The references of all objects that are written, in the order of writing."""
    written = [manifest for manifest in objects if not release_objects.is_release(manifest)]
    known = ObjectRefs(cluster, written, namespace=namespace)
    return tuple([await known.ref(manifest) for manifest in apply_order.ordered(written, kind_of)])


def _defined(definition: Mapping[str, Any]) -> tuple[tuple[str, str], bool]:
    """Group and kind that a custom resource definition defines, and whether its objects are namespaced."""
    spec = definition.get("spec") or {}
    kind = (spec.get("names") or {}).get("kind", "")
    return (str(spec.get("group", "")), str(kind)), spec.get("scope") != "Cluster"
