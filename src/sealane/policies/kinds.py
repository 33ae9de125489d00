"""The resource name of a kind, and whether the kind is namespaced. Pure: knows nothing about clusters.

A cluster's discovery knows this; offline, it comes from this table, the custom resource definitions among the objects,
or else Kubernetes' rule for English plurals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_CLUSTER = frozenset(
    {
        ("", "ComponentStatus"),
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("authentication.k8s.io", "SelfSubjectReview"),
        ("authentication.k8s.io", "TokenReview"),
        ("authorization.k8s.io", "SelfSubjectAccessReview"),
        ("authorization.k8s.io", "SelfSubjectRulesReview"),
        ("authorization.k8s.io", "SubjectAccessReview"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("certificates.k8s.io", "ClusterTrustBundle"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        ("gateway.networking.k8s.io", "GatewayClass"),
        ("networking.k8s.io", "IPAddress"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "ServiceCIDR"),
        ("node.k8s.io", "RuntimeClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("resource.k8s.io", "DeviceClass"),
        ("resource.k8s.io", "ResourceSlice"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("storage.k8s.io", "VolumeAttributesClass"),
    }
)
_IRREGULAR = {"Endpoints": "endpoints", "ComponentStatus": "componentstatuses"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """The API server's resource for a kind."""

    name: str
    namespaced: bool


Custom = Mapping[tuple[str, str], Resource]
"""The resources of definitions among the objects, by group and kind."""


def resource(group: str, kind: str, custom: Custom) -> Resource:
    """The resource of a kind; one of an unknown group counts as namespaced."""
    if known := custom.get((group, kind)):
        return known
    return Resource(name=plural(kind), namespaced=(group, kind) not in _CLUSTER)


def plural(kind: str) -> str:
    """The lower-case plural by which resources are named.

    >>> plural("NetworkPolicy"), plural("Ingress"), plural("Deployment"), plural("Gateway")
    ('networkpolicies', 'ingresses', 'deployments', 'gateways')
    """
    word = kind.lower()
    if kind in _IRREGULAR:
        return _IRREGULAR[kind]
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"


def defined(objects: Iterable[Mapping[str, Any]]) -> Custom:
    """The resources of the custom resource definitions among the objects."""
    resources = {}
    for manifest in objects:
        spec = manifest.get("spec")
        names = (
            spec.get("names") if isinstance(spec, dict) and manifest.get("kind") == "CustomResourceDefinition" else None
        )
        if isinstance(names, dict) and isinstance(spec, dict):
            name = Resource(name=str(names.get("plural")), namespaced=spec.get("scope") != "Cluster")
            resources[str(spec.get("group")), str(names.get("kind"))] = name
    return resources
