"""The fields that are read of objects that run no containers. Pure: knows nothing about HTTP.

Pruned like those of `objects.py`. Source of the fields: the Kubernetes API reference, v1.36; for custom resources the
conventions of `kstatus` (sigs.k8s.io/cli-utils), which few definitions follow completely: no field is certain.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sealane.clients.kubernetes import objects
from sealane.clients.kubernetes.objects import Read


class Conditions(Read, frozen=True, kw_only=True):
    """A status whose conditions alone are read."""

    observed_generation: int | None = None
    conditions: tuple[objects.Condition, ...] | None = None


class VolumeClaim(Read, frozen=True, kw_only=True):
    """v1 PersistentVolumeClaim."""

    metadata: objects.OwnMetadata
    status: objects.Phase = objects.Phase()


class Definition(Read, frozen=True, kw_only=True):
    """apiextensions.k8s.io/v1 CustomResourceDefinition."""

    metadata: objects.OwnMetadata
    status: Conditions = Conditions()


class DisruptionBudget(Read, frozen=True, kw_only=True):
    """policy/v1 PodDisruptionBudget."""

    metadata: objects.OwnMetadata
    status: Conditions = Conditions()


class AutoscalerSpec(Read, frozen=True, kw_only=True):
    """The least and most replicas."""

    min_replicas: int = 1
    max_replicas: int = 0


class AutoscalerStatus(Conditions, frozen=True, kw_only=True):
    """A HorizontalPodAutoscaler's status."""

    current_replicas: int = 0


class Autoscaler(Read, frozen=True, kw_only=True):
    """autoscaling/v2 HorizontalPodAutoscaler."""

    metadata: objects.OwnMetadata
    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()


# --- services, and what routes to them


class LoadBalancerIngress(Read, frozen=True, kw_only=True):
    """One address of a load balancer."""

    ip: str | None = None
    hostname: str | None = None


class LoadBalancerStatus(Read, frozen=True, kw_only=True):
    """`status.loadBalancer`."""

    ingress: tuple[LoadBalancerIngress, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The given addresses, in order."""
        return tuple(address for entrance in self.ingress if (address := entrance.ip or entrance.hostname))


class ServiceSpec(Read, frozen=True, kw_only=True):
    """A Service's specification."""

    type: str = "ClusterIP"
    selector: dict[str, str] = msgspec.field(default_factory=dict)
    external_ips: tuple[str, ...] = msgspec.field(name="externalIPs", default=())


class ServiceStatus(Read, frozen=True, kw_only=True):
    """A Service's status."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()
    conditions: tuple[objects.Condition, ...] = ()


class Service(Read, frozen=True, kw_only=True):
    """v1 Service."""

    metadata: objects.OwnMetadata
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class EndpointConditions(Read, frozen=True, kw_only=True):
    """The conditions of an endpoint; unknown means ready (discovery.k8s.io/v1, `EndpointConditions`)."""

    ready: bool | None = None


class Endpoint(Read, frozen=True, kw_only=True):
    """One endpoint of a Service, without its addresses."""

    conditions: EndpointConditions = EndpointConditions()


class EndpointSlice(Read, frozen=True, kw_only=True):
    """discovery.k8s.io/v1 EndpointSlice: up to a hundred endpoints of a Service that controls it."""

    metadata: objects.Metadata
    address_type: str = ""
    endpoints: tuple[Endpoint, ...] | None = None

    @property
    def ready(self) -> int:
        """How many of its endpoints are ready."""
        return sum(endpoint.conditions.ready is not False for endpoint in self.endpoints or ())


class BackendService(Read, frozen=True, kw_only=True):
    """The Service of a backend."""

    name: str


class Backend(Read, frozen=True, kw_only=True):
    """A destination of requests: a Service, or a resource that is not read."""

    service: BackendService | None = None


class IngressPath(Read, frozen=True, kw_only=True):
    """One path of an Ingress's rule."""

    backend: Backend = Backend()


class Paths(Read, frozen=True, kw_only=True):
    """`http` of a rule."""

    paths: tuple[IngressPath, ...] = ()


class Rule(Read, frozen=True, kw_only=True):
    """One rule of an Ingress."""

    http: Paths | None = None


class IngressSpec(Read, frozen=True, kw_only=True):
    """An Ingress's specification."""

    default_backend: Backend | None = None
    rules: tuple[Rule, ...] = ()


class IngressStatus(Read, frozen=True, kw_only=True):
    """An Ingress's status."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Ingress(Read, frozen=True, kw_only=True):
    """networking.k8s.io/v1 Ingress."""

    metadata: objects.OwnMetadata
    spec: IngressSpec = IngressSpec()
    status: IngressStatus = IngressStatus()

    @property
    def services(self) -> Iterator[str]:
        """Names of the Services that it sends requests to, in order."""
        paths = [path.backend for rule in self.spec.rules if rule.http for path in rule.http.paths]
        for backend in (self.spec.default_backend, *paths):
            if backend and backend.service:
                yield backend.service.name


class CronJobSpec(Read, frozen=True, kw_only=True):
    """A CronJob's specification."""

    suspend: bool = False


class CronJob(Read, frozen=True, kw_only=True):
    """batch/v1 CronJob; the Jobs that it will start are not read."""

    metadata: objects.OwnMetadata
    spec: CronJobSpec = CronJobSpec()


class Custom(Read, frozen=True, kw_only=True):
    """An object of any kind, with its whole specification and status: each definition has its own fields."""

    metadata: objects.OwnMetadata
    kind: str = ""
    api_version: str = ""
    spec: Any = None
    data: Any = None
    status: Any = None
