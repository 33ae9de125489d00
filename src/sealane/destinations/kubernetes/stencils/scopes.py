"""The kinds without a namespace. Pure.

Source: the API reference of Kubernetes 1.33, "Cluster" scope. Any other kind lives in a namespace, unless a
CustomResourceDefinition rendered beside it says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sealane.stencils.platform import Kind

CLUSTER: frozenset[Kind] = frozenset(
    (group, kind)
    for group, kinds in {
        "": ("Namespace", "Node", "PersistentVolume"),
        "admissionregistration.k8s.io": (
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ),
        "apiextensions.k8s.io": ("CustomResourceDefinition",),
        "apiregistration.k8s.io": ("APIService",),
        "certificates.k8s.io": ("CertificateSigningRequest", "ClusterTrustBundle"),
        "flowcontrol.apiserver.k8s.io": ("FlowSchema", "PriorityLevelConfiguration"),
        "gateway.networking.k8s.io": ("GatewayClass",),
        "internal.apiserver.k8s.io": ("StorageVersion",),
        "networking.k8s.io": ("IngressClass", "IPAddress", "ServiceCIDR"),
        "node.k8s.io": ("RuntimeClass",),
        "rbac.authorization.k8s.io": ("ClusterRole", "ClusterRoleBinding"),
        "resource.k8s.io": ("DeviceClass", "ResourceSlice"),
        "scheduling.k8s.io": ("PriorityClass",),
        "storage.k8s.io": ("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"),
        "storagemigration.k8s.io": ("StorageVersionMigration",),
    }.items()
    for kind in kinds
)


def is_definition(manifest: Mapping[str, Any]) -> bool:
    """Whether it defines a kind."""
    group = str(manifest["apiVersion"]).rpartition("/")[0]
    return (group, manifest["kind"]) == ("apiextensions.k8s.io", "CustomResourceDefinition")


def defined(manifests: Iterable[Mapping[str, Any]]) -> frozenset[Kind]:
    """Cluster-scoped kinds that the objects themselves define."""
    kinds = set()
    for manifest in manifests:
        if is_definition(manifest):
            spec = manifest.get("spec")
            names = spec.get("names") if isinstance(spec, dict) else None
            if isinstance(spec, dict) and isinstance(names, dict) and spec.get("scope") == "Cluster":
                kinds.add((str(spec.get("group")), str(names.get("kind"))))
    return frozenset(kinds)
