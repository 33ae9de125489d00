"""The fields that are read of workloads, Jobs, and what they create for their pods. Pure; pruned like `objects`."""

from __future__ import annotations

from datetime import datetime

from sealane.clients.kubernetes.objects import Condition, Metadata, OwnMetadata, Read, Selector
from sealane.clients.kubernetes.pod_objects import PodTemplate


class RollingUpdate(Read, frozen=True, kw_only=True):
    """How many pods may change at once; `partition` of a StatefulSet."""

    max_surge: int | str | None = None
    max_unavailable: int | str | None = None
    partition: int = 0


class UpdateStrategy(Read, frozen=True, kw_only=True):
    """`strategy` of a Deployment, `updateStrategy` of the others."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdate | None = None


class DeploymentSpec(Read, frozen=True, kw_only=True):
    """The specification of a Deployment or, without strategy, a ReplicaSet."""

    replicas: int = 1
    selector: Selector = Selector()
    template: PodTemplate = PodTemplate()
    strategy: UpdateStrategy = UpdateStrategy()
    min_ready_seconds: int = 0
    progress_deadline_seconds: int | None = None
    revision_history_limit: int | None = None
    paused: bool = False


class DeploymentStatus(Read, frozen=True, kw_only=True):
    """The status of a Deployment or a ReplicaSet."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class Deployment(Read, frozen=True, kw_only=True):
    """apps/v1 Deployment."""

    metadata: OwnMetadata
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class ReplicaSet(Read, frozen=True, kw_only=True):
    """apps/v1 ReplicaSet."""

    metadata: Metadata
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class Ordinals(Read, frozen=True, kw_only=True):
    """The numbering of a StatefulSet's pods: begins at `start`."""

    start: int = 0


class StatefulSetSpec(Read, frozen=True, kw_only=True):
    """A StatefulSet's specification."""

    replicas: int = 1
    selector: Selector = Selector()
    template: PodTemplate = PodTemplate()
    update_strategy: UpdateStrategy = UpdateStrategy()
    pod_management_policy: str = "OrderedReady"
    min_ready_seconds: int = 0
    ordinals: Ordinals | None = None


class StatefulSetStatus(Read, frozen=True, kw_only=True):
    """A StatefulSet's status."""

    observed_generation: int = 0
    replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    conditions: tuple[Condition, ...] = ()


class StatefulSet(Read, frozen=True, kw_only=True):
    """apps/v1 StatefulSet."""

    metadata: OwnMetadata
    spec: StatefulSetSpec = StatefulSetSpec()
    status: StatefulSetStatus = StatefulSetStatus()


class DaemonSetSpec(Read, frozen=True, kw_only=True):
    """A DaemonSet's specification."""

    selector: Selector = Selector()
    template: PodTemplate = PodTemplate()
    update_strategy: UpdateStrategy = UpdateStrategy()
    min_ready_seconds: int = 0


class DaemonSetStatus(Read, frozen=True, kw_only=True):
    """A DaemonSet's status; the numbers count nodes."""

    observed_generation: int = 0
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    number_unavailable: int = 0
    number_misscheduled: int = 0
    conditions: tuple[Condition, ...] = ()


class DaemonSet(Read, frozen=True, kw_only=True):
    """apps/v1 DaemonSet."""

    metadata: OwnMetadata
    spec: DaemonSetSpec = DaemonSetSpec()
    status: DaemonSetStatus = DaemonSetStatus()


class ControllerRevision(Read, frozen=True, kw_only=True):
    """apps/v1 ControllerRevision: one former template of a StatefulSet or DaemonSet; its data is not read."""

    metadata: Metadata
    revision: int = 0


class JobSpec(Read, frozen=True, kw_only=True):
    """A Job's specification."""

    completions: int | None = None
    parallelism: int | None = None
    backoff_limit: int = 6
    active_deadline_seconds: int | None = None
    suspend: bool = False
    managed_by: str | None = None
    template: PodTemplate = PodTemplate()


class JobStatus(Read, frozen=True, kw_only=True):
    """A Job's status; the numbers count pods."""

    active: int = 0
    ready: int = 0
    succeeded: int = 0
    failed: int = 0
    start_time: datetime | None = None
    completion_time: datetime | None = None
    conditions: tuple[Condition, ...] = ()


class Job(Read, frozen=True, kw_only=True):
    """batch/v1 Job."""

    metadata: OwnMetadata
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()
