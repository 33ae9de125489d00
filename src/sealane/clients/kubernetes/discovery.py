"""The kinds of a cluster, and the paths of their objects. Pure: reads the answers of aggregated discovery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from sealane import typed_data
from sealane.clients.kubernetes import errors

ACCEPT = ",".join(
    f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")
)
"""Aggregated discovery: two requests return everything; supported since Kubernetes 1.26."""
PATHS = ("/api", "/apis")


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """The resource of one kind."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()

    def path(self, *, namespace: str | None = None, name: str | None = None) -> str:
        """The path of one object, of all in a namespace, or of all in the cluster."""
        base = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        place = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{base}{place}/{self.plural}" + (f"/{name}" if name else "")


Resources = dict[tuple[str, str, str], Resource]
"""By group, version and kind."""


class _Wire(msgspec.Struct, rename="camel"):
    pass


class _Kind(_Wire):
    kind: str = ""
    group: str = ""
    version: str = ""


class _Resource(_Wire):
    resource: str
    scope: str = "Namespaced"
    response_kind: _Kind | None = None
    verbs: list[str] = []


class _Version(_Wire):
    version: str
    resources: list[_Resource] = []


class _Metadata(_Wire):
    name: str = ""


class _Group(_Wire):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    versions: list[_Version] = []


class _Groups(_Wire):
    kind: str = ""
    items: list[_Group] = []


def read(bodies: Iterable[bytes]) -> Resources:
    """All kinds from the answers to `PATHS`. Raises ClusterError when the server doesn't speak aggregated discovery."""
    resources: Resources = {}
    for body in bodies:
        try:
            groups = typed_data.from_json(body, _Groups)
        except ValueError as error:
            raise errors.ClusterError(f"the server's discovery can't be read: {error}") from error
        if groups.kind != "APIGroupDiscoveryList":
            raise errors.ClusterError(
                "the server doesn't answer aggregated discovery", hint="Kubernetes 1.26 or later is needed"
            )
        for group in groups.items:
            for version in group.versions:
                for resource in version.resources:
                    _add(resources, group.metadata.name, version.version, resource)
    return resources


def _add(resources: Resources, group: str, version: str, resource: _Resource) -> None:
    if resource.response_kind is None or not resource.response_kind.kind:
        return
    key = (group, version, resource.response_kind.kind)
    resources.setdefault(
        key,
        Resource(
            group=group,
            version=version,
            kind=resource.response_kind.kind,
            plural=resource.resource,
            namespaced=resource.scope == "Namespaced",
            verbs=frozenset(resource.verbs),
        ),
    )
