"""Kinds: what to request from a cluster, and the type of the decoded answer. Pure: knows nothing about HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sealane.clients.kubernetes import objects, pod_objects, resources, workloads

T = TypeVar("T")

MANAGER = "sealane"
"""The one field manager of everything that Sealane writes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind(Generic[T]):
    """A kind and the type its objects are decoded to: a pruned struct, or `dict` for the whole object."""

    api_version: str
    kind: str
    type: type[T]

    @property
    def group(self) -> str:
        """The API group, empty for the core one."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """The version without its group."""
        return self.api_version.rpartition("/")[2]

    def __str__(self) -> str:
        return f"{self.api_version} {self.kind}"


def whole(api_version: str, kind: str) -> Kind[dict[str, Any]]:
    """A kind whose objects are read whole, as plain data."""
    return Kind(api_version=api_version, kind=kind, type=dict[str, Any])


def of(manifest: Mapping[str, Any]) -> Kind[dict[str, Any]]:
    """The kind of a manifest."""
    return whole(str(manifest["apiVersion"]), str(manifest["kind"]))


POD = Kind(api_version="v1", kind="Pod", type=pod_objects.Pod)
EVENT = Kind(api_version="v1", kind="Event", type=objects.Event)
NAMESPACE = Kind(api_version="v1", kind="Namespace", type=objects.Phased)
VOLUME_CLAIM = Kind(api_version="v1", kind="PersistentVolumeClaim", type=objects.Phased)
DEPLOYMENT = Kind(api_version="apps/v1", kind="Deployment", type=workloads.Deployment)
REPLICA_SET = Kind(api_version="apps/v1", kind="ReplicaSet", type=workloads.ReplicaSet)
CONTROLLER_REVISION = Kind(api_version="apps/v1", kind="ControllerRevision", type=workloads.ControllerRevision)
STATEFUL_SET = Kind(api_version="apps/v1", kind="StatefulSet", type=workloads.StatefulSet)
DAEMON_SET = Kind(api_version="apps/v1", kind="DaemonSet", type=workloads.DaemonSet)
JOB = Kind(api_version="batch/v1", kind="Job", type=workloads.Job)
CRON_JOB = Kind(api_version="batch/v1", kind="CronJob", type=resources.CronJob)
CLAIM = Kind(api_version="v1", kind="PersistentVolumeClaim", type=resources.VolumeClaim)
SERVICE = Kind(api_version="v1", kind="Service", type=resources.Service)
ENDPOINT_SLICE = Kind(api_version="discovery.k8s.io/v1", kind="EndpointSlice", type=resources.EndpointSlice)
INGRESS = Kind(api_version="networking.k8s.io/v1", kind="Ingress", type=resources.Ingress)
AUTOSCALER = Kind(api_version="autoscaling/v2", kind="HorizontalPodAutoscaler", type=resources.Autoscaler)
DISRUPTION_BUDGET = Kind(api_version="policy/v1", kind="PodDisruptionBudget", type=resources.DisruptionBudget)
DEFINITION = Kind(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition", type=resources.Definition)
CUSTOM_KIND = Kind(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition", type=objects.Phased)
CONFIG_MAP = whole("v1", "ConfigMap")
