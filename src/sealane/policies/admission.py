"""The request that the API server gets for an object. Pure: knows nothing about policies or clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sealane.policies import defaults, kinds
from sealane.policies.kinds import Custom
from sealane.policies.model import Facts, Subject

OPERATION = "CREATE"
_NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """The creation of one object."""

    group: str
    version: str
    resource: str
    namespaced: bool
    subject: Subject
    labels: Mapping[str, str]
    namespace_labels: Mapping[str, str] | None
    """None for objects outside of namespaces."""
    object: Mapping[str, Any]

    @property
    def kind(self) -> tuple[str, str, str, bool]:
        """The fields that resource rules match, without names."""
        return self.group, self.version, self.resource, self.namespaced

    def names(self) -> dict[str, Any]:
        """`request` and `namespaceObject` for rules. The requesting user is unknown offline: there is no `userInfo`."""
        kind = {"group": self.group, "version": self.version, "kind": self.subject.kind}
        resource = {"group": self.group, "version": self.version, "resource": self.resource}
        namespace = None
        if self.namespace_labels is not None:
            namespace = {"metadata": {"name": self.subject.namespace or "", "labels": dict(self.namespace_labels)}}
        return {
            "request": {
                "kind": kind,
                "resource": resource,
                "requestKind": kind,
                "requestResource": resource,
                "name": self.subject.name,
                "namespace": self.subject.namespace or "",
                "operation": OPERATION,
                "dryRun": False,
            },
            "namespaceObject": namespace,
        }


def request(manifest: dict[str, Any], facts: Facts, custom: Custom) -> Request:
    """The request that creates a manifest's object, even an incomplete one."""
    group, _, version = str(manifest.get("apiVersion", "")).rpartition("/")
    kind = str(manifest.get("kind", ""))
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    resource = kinds.resource(group, kind, custom)
    namespace = (metadata.get("namespace") or facts.namespace or None) if resource.namespaced else None
    return Request(
        group=group,
        version=version,
        resource=resource.name,
        namespaced=resource.namespaced,
        subject=Subject(kind=kind, namespace=namespace, name=str(metadata.get("name") or "")),
        labels=_texts(metadata.get("labels")),
        namespace_labels=_namespace_labels(namespace, facts) if resource.namespaced else None,
        object=defaults.defaulted(manifest, namespace),
    )


def _namespace_labels(namespace: str | None, facts: Facts) -> dict[str, str]:
    known = facts.namespace_labels if namespace == facts.namespace else {}
    return {**known, _NAME_LABEL: namespace or ""}


def _texts(value: Any) -> dict[str, str]:
    return {str(key): str(text) for key, text in value.items()} if isinstance(value, dict) else {}
