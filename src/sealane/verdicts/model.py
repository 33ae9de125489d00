"""Observations, facts, causes, judgements and verdicts. Pure: target-neutral values, all of them plain data.

An object is named `Kind/name`, for example `Deployment/web`; the namespace is the formation's. Times are aware UTC.
Everything here goes through `msgspec.to_builtins` and back through `msgspec.convert`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

# --- what is observed


class Role(StrEnum):
    """The purpose of a container."""

    MAIN = "main"
    SIDECAR = "sidecar"  # starts before the main ones and stays
    INIT = "init"  # has to end before the main ones start


class ContainerPhase(StrEnum):
    """Where a container is in its life."""

    WAITING = "waiting"  # not started yet
    RUNNING = "running"
    BACKING_OFF = "backing_off"  # it ended, and is started again after a while
    TERMINATED = "terminated"


class Health(StrEnum):
    """How far a workload has come."""

    CONVERGING = "converging"
    READY = "ready"  # of the desired version and ready; whether that lasts is judged elsewhere
    FAILED = "failed"  # will not become ready by itself


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """One container of an instance."""

    name: str
    role: Role
    ready: bool
    restarts: int
    state: str
    """A few words for people: `running`, `waiting: ImagePullBackOff`, `ended: exit code 1`."""
    phase: ContainerPhase = ContainerPhase.RUNNING


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """One running copy of a workload: a pod, a task."""

    object: str
    workload: str
    desired: bool
    """Made from the desired version; older instances are never blamed."""
    terminating: bool
    ready: bool
    ready_since: datetime | None
    created: datetime
    state: str
    containers: tuple[Container, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """An object that keeps instances alive, and how far its desired version has come."""

    object: str
    health: Health
    desired: int
    updated: int
    """Instances of the desired version that are not terminating."""
    ready: int
    """Those of `updated` that are ready."""
    old: int
    """Instances of other versions that are not terminating."""
    ready_since: datetime | None
    """When the last of them became ready; only with health READY."""
    message: str
    """What it does or waits for, for people: `1 of 3 new pods ready, 2 old pods still there`."""
    hold: timedelta = timedelta()
    """How long the workload itself wants ready to last."""
    settled: bool = False
    """It is done, and nothing of it can become unready: a Job that succeeded, a workload of no instances."""
    note: str = ""
    """What people should know of it, to follow its name: `is suspended`."""
    suspended: bool = False
    """Somebody stopped it: scaled it to zero, or paused it."""
    ended: bool = False
    """It ran to its end and succeeded: a Job, a pod that is not restarted."""
    one_shot: bool = False
    """It runs to its end, as a Job does: an instance that ends is no loss, and it counts their restarts itself."""
    takes: timedelta = timedelta()
    """How long the destination itself allows for it, by its own limits: the deadline comes no sooner."""
    runs: bool = True
    """It has instances; False for what only has to exist: a volume claim, an address, a custom resource."""


class FactKind(StrEnum):
    """What can be wrong; the members stand in the order in which they explain others: earlier ones are more causal."""

    REFUSED = "refused"  # the cluster answered no: invalid, immutable, forbidden, admission
    QUOTA = "quota"
    SUPERSEDED = "superseded"  # somebody else's version took the place of this one, and is left alone
    RESOURCE_FAILED = "resource_failed"  # a resource, not a container, says that it will not become ready
    RESOURCE_PENDING = "resource_pending"  # a resource says that it is not ready yet
    UNDER_WAY = "under_way"  # the destination's own work goes on: it has to end before it can be judged or undone
    UNPROVEN = "unproven"  # the destination is content, and nothing shows that the desired version runs
    REFERENCE_MISSING = "reference_missing"  # no such ConfigMap, Secret, key or service account
    IMAGE_INVALID = "image_invalid"  # the reference itself can't be pulled: malformed, wrong platform, never pulled
    IMAGE_MISSING = "image_missing"
    IMAGE_DENIED = "image_denied"
    CANNOT_START = "cannot_start"  # the container can never be made as its specification asks
    BAD_COMMAND = "bad_command"
    INIT_ENDED = "init_ended"
    OUT_OF_MEMORY = "out_of_memory"
    ENDED = "ended"
    KILLED_BY_PROBE = "killed_by_probe"
    JOB_FAILED = "job_failed"
    JOB_TIMED_OUT = "job_timed_out"  # it did not end within its own deadline
    PAUSED = "paused"  # paused: its controller does not roll it out until somebody resumes it
    REPLACED_BY_HAND = "replaced_by_hand"  # an older instance stays until somebody deletes it
    REMOVED = "removed"  # somebody removed it after it was written
    CHANGED = "changed"  # somebody changed it after it was written
    OLD_POD_STUCK = "old_pod_stuck"  # an older instance does not end, and no new one is made before
    VOLUME_PENDING = "volume_pending"
    UNSCHEDULABLE = "unschedulable"
    NODE_NOT_RESPONDING = "node_not_responding"  # the node it is on does not answer
    REGISTRY_UNREACHABLE = "registry_unreachable"
    NOT_ANSWERING = "not_answering"  # an API or webhook on the way timed out, was busy or broke
    CREATE_ERROR = "create_error"  # the node could not make the container this time
    EVICTED = "evicted"
    PROBE_FAILING = "probe_failing"
    INIT_RUNNING = "init_running"
    NOT_READY = "not_ready"
    ADDRESS_PENDING = "address_pending"  # nothing has given it an address yet
    TARGET_MISSING = "target_missing"  # it refers to something that does not exist
    STARTING = "starting"  # images are pulled, containers made: no trouble
    UNSTEADY = "unsteady"  # over all instances: too many restarts, or ready does not last
    GATE_FAILED = "gate_failed"
    HOOK_FAILED = "hook_failed"
    CALLED_OFF = "called_off"  # a person stopped it


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One thing that keeps the desired version from being ready."""

    kind: FactKind
    object: str
    workload: str
    container: str | None = None
    role: Role | None = None
    since: datetime
    """When it began; patience counts from here."""
    words: str = ""
    """The message of the cluster, registry, scheduler or probe, shortened."""
    times: int = 1
    """How often; for a container, all its ends so far."""
    created: datetime | None = None
    """When the instance was created."""
    run: datetime | None = None
    """When the container's last ended run began."""
    last: datetime | None = None
    """When it last happened: the end of that run."""
    detail: Mapping[str, str] = field(default_factory=dict)
    """By kind: `exit_code`, `limit`, `image`, `probe`, `asks`, `reference`, `key`, `freeable`, `awaited`, `node`, `may_come`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """All that is known of a deployment's objects at one moment; a new one replaces the last."""

    at: datetime
    workloads: tuple[Workload, ...] = ()
    instances: tuple[Instance, ...] = ()
    facts: tuple[Fact, ...] = ()
    blind_since: datetime | None = None
    """Since when the destination does not answer; the rest was seen before that."""
    unit: str = "instance"
    """What the destination calls an instance, in the singular: `pod`."""
    beside: int = 0
    """Instances of the other version beside what is judged, not terminating ones; only counted."""

    @property
    def running(self) -> tuple[Workload, ...]:
        """The workloads that instances come from."""
        return tuple(workload for workload in self.workloads if workload.runs)

    @property
    def everything_ready(self) -> bool:
        """Whether everything is ready, so that only time is waited for: a hold, or the next step."""
        return self.blind_since is None and all(workload.health is Health.READY for workload in self.workloads)


# --- what is judged from it


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """Why it failed or does not proceed, in one sentence."""

    sentence: str
    object: str
    container: str | None = None
    workload: str
    reason: FactKind
    decisive: bool
    since: datetime
    others: int = 0
    """How many more instances have the same trouble."""
    log: str | None = None
    """The most telling line of its log, where there is one."""

    @property
    def is_outside(self) -> bool:
        """Whether the revision is not to blame, so that no hold is set."""
        return self.reason in {FactKind.CHANGED, FactKind.SUPERSEDED}


class VerdictKind(StrEnum):
    """How a deployment ended."""

    DEPLOYED = "deployed"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    UNPROVEN = "unproven"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """How a deployment ended, why, and where its evidence is."""

    kind: VerdictKind
    reason: str
    """One sentence, for people; the cause's where there is one."""
    at: datetime
    cause: Cause | None = None
    failure_report_id: str | None = None
    finished: tuple[str, ...] | None = None
    """For a good verdict: `Kind/name` of the work that had ended and is not repeated; None where nobody noted it."""
    unconfirmed: bool = False
    """It left objects in place, and a person is asked whether to delete them."""
    untouched: bool = False
    """None of its workloads was written: the earlier ones are still there."""
    by_itself: bool = False
    """It was rolled back by the destination itself: nothing was written for it."""

    @property
    def wrote_nothing(self) -> bool:
        """Whether the earlier version is still there: nothing was written, or a newer one was started before it."""
        return self.untouched or (self.kind is VerdictKind.SUPERSEDED and self.cause is None)
