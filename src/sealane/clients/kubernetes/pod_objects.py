"""Pods and their templates, as Sealane reads them: the fields that it needs of the API's objects. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from sealane.clients.kubernetes.objects import Condition, Metadata, Read


class ContainerWaiting(Read, frozen=True, kw_only=True):
    """Why a container isn't running yet."""

    reason: str | None = None
    message: str | None = None


class ContainerRunning(Read, frozen=True, kw_only=True):
    """The start time of a running container."""

    started_at: datetime | None = None


class Terminated(Read, frozen=True, kw_only=True):
    """How a container ended."""

    exit_code: int = 0
    signal: int | None = None
    reason: str | None = None
    message: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerState(Read, frozen=True, kw_only=True):
    """The state of a container: at most one of the three is set."""

    waiting: ContainerWaiting | None = None
    running: ContainerRunning | None = None
    terminated: Terminated | None = None


class ContainerStatus(Read, frozen=True, kw_only=True):
    """The kubelet's status of one container."""

    name: str
    image: str = ""
    image_id: str = msgspec.field(name="imageID", default="")
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class Probe(Read, frozen=True, kw_only=True):
    """When a probe runs and how often it may fail; its target is kept only for people to read."""

    http_get: HttpProbe | None = None
    tcp_socket: PortProbe | None = None
    grpc: PortProbe | None = None
    exec: CommandProbe | None = None
    initial_delay_seconds: int = 0
    period_seconds: int = 10
    timeout_seconds: int = 1
    success_threshold: int = 1
    failure_threshold: int = 3


class HttpProbe(Read, frozen=True, kw_only=True):
    """`httpGet` of a probe."""

    port: int | str
    path: str = "/"
    scheme: str = "HTTP"


class PortProbe(Read, frozen=True, kw_only=True):
    """`tcpSocket` or `grpc` of a probe."""

    port: int | str


class CommandProbe(Read, frozen=True, kw_only=True):
    """`exec` of a probe."""

    command: tuple[str, ...] = ()


class Resources(Read, frozen=True, kw_only=True):
    """Quantities as written, for example `100m` or `64Mi`."""

    requests: dict[str, str] = msgspec.field(default_factory=dict)
    limits: dict[str, str] = msgspec.field(default_factory=dict)


class ContainerPort(Read, frozen=True, kw_only=True):
    """One of a container's `ports`."""

    container_port: int
    name: str | None = None


class Container(Read, frozen=True, kw_only=True):
    """One container of a pod's specification."""

    name: str
    image: str = ""
    ports: tuple[ContainerPort, ...] = ()
    resources: Resources = Resources()
    readiness_probe: Probe | None = None
    liveness_probe: Probe | None = None
    startup_probe: Probe | None = None
    restart_policy: str | None = None  # Always on an init container makes it a sidecar


class Named(Read, frozen=True, kw_only=True):
    """The object of a volume; a Secret's name has a field of its own."""

    name: str | None = None
    secret_name: str | None = None


class Volume(Read, frozen=True, kw_only=True):
    """One of a pod's volumes, if it comes from a ConfigMap or Secret."""

    name: str
    config_map: Named | None = None
    secret: Named | None = None

    @property
    def source(self) -> str | None:
        """The name of the ConfigMap or Secret behind it."""
        if self.config_map:
            return self.config_map.name
        return self.secret.secret_name if self.secret else None


class SchedulingGate(Read, frozen=True, kw_only=True):
    """Keeps a pod from being scheduled until it is removed."""

    name: str


class PodSpec(Read, frozen=True, kw_only=True):
    """A pod's specification."""

    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    restart_policy: str = "Always"
    node_name: str | None = None
    termination_grace_period_seconds: int = 30
    scheduling_gates: tuple[SchedulingGate, ...] = ()


class PodStatus(Read, frozen=True, kw_only=True):
    """A pod's status."""

    phase: str = "Pending"
    reason: str | None = None
    message: str | None = None
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    pod_ip: str | None = msgspec.field(name="podIP", default=None)
    start_time: datetime | None = None


class Pod(Read, frozen=True, kw_only=True):
    """v1 Pod."""

    metadata: Metadata
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class PodTemplate(Read, frozen=True, kw_only=True):
    """The template of a workload's pods."""

    metadata: Metadata = Metadata()
    spec: PodSpec = PodSpec()
