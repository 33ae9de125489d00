"""Resource use of pods: `metrics.k8s.io/v1beta1`, which a cluster has once somebody has installed it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from sealane.clients.kubernetes.objects import Metadata, Read


class ContainerMetrics(Read, frozen=True, kw_only=True):
    """One container."""

    usage: Mapping[str, str] = {}


class PodMetrics(Read, frozen=True, kw_only=True):
    """One pod."""

    metadata: Metadata
    containers: tuple[ContainerMetrics, ...] = ()


def path(namespace: str) -> str:
    """The path for a namespace; used without checking whether the cluster has the kind."""
    return f"/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods"
