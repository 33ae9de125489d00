"""The fields that are read of Kubernetes' objects: pruned structs, decoded from JSON. Pure: knows nothing about HTTP.

A full pod is 10 KB of JSON; these keep only what judging and showing need, so ten thousand live pods fit in 100 MiB.
Names are Python's (`ready_replicas`), the wire's are camelCase (`readyReplicas`). Unknown fields are skipped, missing
ones take their defaults. Times are aware UTC datetimes. Source of the fields: the Kubernetes API reference, v1.36.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class Read(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Base of everything read: immutable, camelCase on the wire, a tree without cycles (hence no garbage collection)."""


class OwnerReference(Read, frozen=True, kw_only=True):
    """One entry of `metadata.ownerReferences`."""

    kind: str
    name: str
    uid: str
    api_version: str = ""
    controller: bool | None = None


class Metadata(Read, frozen=True, kw_only=True):
    """`metadata`, without managed fields."""

    name: str = ""
    namespace: str | None = None
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    finalizers: tuple[str, ...] = ()

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that controls the object (a pod's ReplicaSet), if any."""
        return next((owner for owner in self.owner_references if owner.controller), None)


class FieldRecord(Read, frozen=True, kw_only=True):
    """One entry of `metadata.managedFields`, without the fields: its manager and time."""

    manager: str = ""
    subresource: str = ""
    time: str = ""


class OwnMetadata(Metadata, frozen=True, kw_only=True):
    """`metadata` of kinds that people write, with the records of their managers; few compared to pods."""

    managed_fields: tuple[FieldRecord, ...] = ()


class Written(Read, frozen=True, kw_only=True):
    """Any object with the records of who wrote it."""

    metadata: OwnMetadata


class Identity(Read, frozen=True, kw_only=True):
    """Any object's identity: kind, labels and annotations."""

    api_version: str = ""
    kind: str = ""
    metadata: Metadata


class Condition(Read, frozen=True, kw_only=True):
    """One of `status.conditions`; every kind has the same shape."""

    type: str
    status: str  # True, False or Unknown
    reason: str | None = None
    message: str | None = None
    last_transition_time: datetime | None = None


# --- pods


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

    requests: dict[str, str] = {}
    limits: dict[str, str] = {}


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


class Selector(Read, frozen=True, kw_only=True):
    """`matchLabels` only: a workload's own pods are found by owner, which needs no expressions."""

    match_labels: dict[str, str] = {}


# --- events and phases


class InvolvedObject(Read, frozen=True, kw_only=True):
    """The object an event is about; `field_path` names the container, for example `spec.containers{web}`."""

    kind: str = ""
    namespace: str | None = None
    name: str = ""
    uid: str = ""
    field_path: str | None = None


class EventSeries(Read, frozen=True, kw_only=True):
    """Repetitions of an event."""

    count: int = 0
    last_observed_time: datetime | None = None


class EventSource(Read, frozen=True, kw_only=True):
    """The reporter of an event, in the older form."""

    component: str = ""


class Event(Read, frozen=True, kw_only=True):
    """v1 Event."""

    metadata: Metadata
    involved_object: InvolvedObject = InvolvedObject()
    type: str = "Normal"  # or Warning
    reason: str = ""
    message: str = ""
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: EventSeries | None = None
    source: EventSource = EventSource()
    reporting_component: str = ""

    @property
    def last_seen(self) -> datetime | None:
        """When it was last reported: the old and new forms keep that in different fields."""
        series = self.series.last_observed_time if self.series else None
        return series or self.last_timestamp or self.event_time or self.metadata.creation_timestamp


class Phase(Read, frozen=True, kw_only=True):
    """A status with one word and conditions."""

    phase: str | None = None
    conditions: tuple[Condition, ...] | None = None  # null in a new definition


class Phased(Read, frozen=True, kw_only=True):
    """Namespaces, volume claims and custom resource definitions, as read to wait for them."""

    metadata: Metadata
    status: Phase = Phase()
