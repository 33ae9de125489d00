"""The order of writing objects, so that each object's needs exist first. Pure: knows nothing about clusters.

Within a phase, the given order stays. Deletion uses the reverse order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import TypeVar

T = TypeVar("T")


class Phase(IntEnum):
    """Groups of kinds, in the order of writing."""

    NAMESPACES = 0
    KINDS = 1  # custom resource definitions
    CLUSTER = 2  # cluster-wide classes and volumes
    ACCESS = 3  # accounts, roles, limits
    CONFIGURATION = 4
    CLAIMS = 5
    SERVICES = 6
    CUSTOM = 7  # unknown kinds: often operators' databases and certificates, which workloads need
    WORKLOADS = 8
    JOBS = 9
    SCALING = 10
    INGRESS = 11
    ADMISSION = 12  # last, so that a new webhook can't refuse the objects that make it work


_PHASES: dict[Phase, str] = {
    Phase.NAMESPACES: "Namespace",
    Phase.KINDS: "CustomResourceDefinition",
    Phase.CLUSTER: "PriorityClass StorageClass RuntimeClass IngressClass GatewayClass VolumeSnapshotClass CSIDriver PersistentVolume",
    Phase.ACCESS: "ServiceAccount ClusterRole ClusterRoleBinding Role RoleBinding ResourceQuota LimitRange NetworkPolicy",
    Phase.CONFIGURATION: "Secret ConfigMap",
    Phase.CLAIMS: "PersistentVolumeClaim",
    Phase.SERVICES: "Service Endpoints EndpointSlice",
    Phase.WORKLOADS: "Pod ReplicationController ReplicaSet Deployment StatefulSet DaemonSet",
    Phase.JOBS: "Job CronJob",
    Phase.SCALING: "HorizontalPodAutoscaler VerticalPodAutoscaler PodDisruptionBudget",
    Phase.INGRESS: "Ingress Gateway HTTPRoute GRPCRoute TCPRoute TLSRoute",
    Phase.ADMISSION: (
        "APIService ValidatingWebhookConfiguration MutatingWebhookConfiguration "
        "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding "
        "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding"
    ),
}
_PHASE_OF = {kind: phase for phase, kinds in _PHASES.items() for kind in kinds.split()}
_OWN_GROUPS = ("", "apps", "batch", "autoscaling", "policy", "extensions")


def phase(group: str, kind: str) -> Phase:
    """The phase of a kind. A name used by Kubernetes means its own kind only in one of its own groups."""
    own = group in _OWN_GROUPS or group.endswith(".k8s.io")
    return _PHASE_OF.get(kind, Phase.CUSTOM) if own else Phase.CUSTOM


def ordered(items: Iterable[T], kind_of: Callable[[T], tuple[str, str]]) -> list[T]:
    """The items in the order of writing; `kind_of` returns group and kind."""
    return sorted(items, key=lambda item: phase(*kind_of(item)))
