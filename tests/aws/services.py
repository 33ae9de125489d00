"""A service of ECS: what it is at, and which steps from there are legal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.aws.environments import Illegal

ARN = "arn:aws:ecs:eu-central-1:123456789012:"
DEPLOYMENT_EDGES: dict[str, set[str]] = {
    "PENDING": {"IN_PROGRESS", "ROLLBACK_REQUESTED"},
    "IN_PROGRESS": {"SUCCESSFUL", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"},
    "STOP_REQUESTED": {"STOPPED"},
    "ROLLBACK_REQUESTED": {"ROLLBACK_IN_PROGRESS"},
    "ROLLBACK_IN_PROGRESS": {"ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"},
    "SUCCESSFUL": set(),
    "STOPPED": set(),
    "ROLLBACK_SUCCESSFUL": set(),
    "ROLLBACK_FAILED": set(),
}
TASK_ORDER = (
    "PROVISIONING",
    "PENDING",
    "ACTIVATING",
    "RUNNING",
    "DEACTIVATING",
    "STOPPING",
    "DEPROVISIONING",
    "STOPPED",
)
STAGES = (
    "RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP",
)  # fmt: skip


@dataclass(kw_only=True)
class Definition:
    """One revision of a task definition."""

    family: str
    revision: int
    fields: dict[str, Any]
    tags: list[dict[str, str]] = field(default_factory=list)
    status: str = "ACTIVE"

    @property
    def arn(self) -> str:
        return f"{ARN}task-definition/{self.family}:{self.revision}"

    def described(self) -> dict[str, Any]:
        """As DescribeTaskDefinition tells it."""
        return {
            **self.fields,
            "taskDefinitionArn": self.arn,
            "family": self.family,
            "revision": self.revision,
            "status": self.status,
        }


@dataclass(kw_only=True)
class Task:
    """One task."""

    arn: str
    definition: str
    started_by: str
    created: datetime
    group: str = ""
    token: str = ""
    status: str = "PROVISIONING"
    desired: str = "RUNNING"
    stop_code: str = ""
    reason: str = ""
    started: datetime | None = None
    stopped: datetime | None = None
    containers: list[dict[str, Any]] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)

    def move(self, status: str) -> None:
        """Onwards; raises Illegal for a step back."""
        if TASK_ORDER.index(status) <= TASK_ORDER.index(self.status):
            raise Illegal(f"task {self.arn}: {self.status} → {status}")
        self.status = status

    def run(self, at: datetime, health: str = "UNKNOWN") -> None:
        """It runs."""
        self.move("RUNNING")
        self.started = at
        self.containers = [{"name": "app", "lastStatus": "RUNNING", "imageDigest": "sha256:aa", "healthStatus": health}]

    def stop(self, at: datetime, code: str, reason: str, *, exit_code: int | None = None, why: str = "") -> None:
        """It stops, with or without a container having run."""
        self.move("STOPPED")
        self.desired, self.stopped, self.stop_code, self.reason = "STOPPED", at, code, reason
        told = {"name": "app", "lastStatus": "STOPPED", "reason": why or None, "exitCode": exit_code}
        self.containers = [{key: value for key, value in told.items() if value is not None}]

    def described(self) -> dict[str, Any]:
        """As DescribeTasks tells it."""
        healths = [each.get("healthStatus", "UNKNOWN") for each in self.containers] or ["UNKNOWN"]
        told = {
            "taskArn": self.arn,
            "taskDefinitionArn": self.definition,
            "lastStatus": self.status,
            "desiredStatus": self.desired,
            "startedBy": self.started_by or None,
            "stopCode": self.stop_code or None,
            "stoppedReason": self.reason or None,
            "healthStatus": healths[0],
            "createdAt": self.created,
            "startedAt": self.started,
            "stoppedAt": self.stopped,
            "containers": self.containers,
            "group": self.group or None,
        }
        return {key: value for key, value in told.items() if value is not None}


@dataclass(kw_only=True)
class Rollout:
    """One entry of a service's `deployments`."""

    id: str
    definition: str
    created: datetime
    status: str = "PRIMARY"
    state: str = "IN_PROGRESS"
    reason: str = ""
    failed: int = 0

    def end(self, state: str, reason: str = "") -> None:
        """It ended; an end is for ever."""
        if self.state != "IN_PROGRESS":
            raise Illegal(f"{self.id}: {self.state} → {state}")
        self.state, self.reason = state, reason


@dataclass(kw_only=True)
class Deployment:
    """One service deployment, with its own end."""

    arn: str
    target: str
    """Address of the service's revision."""
    sources: list[str]
    created: datetime
    rollout: str
    before: Rollout | None = None
    """What was primary before it."""
    status: str = "PENDING"
    reason: str = ""
    finished: datetime | None = None
    stage: str = ""
    breaker: str = "DISABLED"
    alarms: list[str] = field(default_factory=list)
    rollback: dict[str, Any] | None = None
    hooks: list[dict[str, Any]] = field(default_factory=list)
    weight: float = 0.0

    def move(self, status: str, *, at: datetime | None = None, reason: str = "") -> None:
        """Another state; raises Illegal where the service has no such step."""
        if status not in DEPLOYMENT_EDGES[self.status]:
            raise Illegal(f"{self.arn}: {self.status} → {status}")
        self.status = status
        self.reason = reason or self.reason
        if not DEPLOYMENT_EDGES[status]:
            self.finished = at

    def at_stage(self, stage: str) -> None:
        """Onwards; raises Illegal for a stage back."""
        if self.stage and STAGES.index(stage) <= STAGES.index(self.stage):
            raise Illegal(f"{self.arn}: {self.stage} → {stage}")
        self.stage = stage

    def described(self) -> dict[str, Any]:
        """As DescribeServiceDeployments tells it."""
        target = {"arn": self.target, "requestedProductionTrafficWeight": self.weight}
        told = {
            "serviceDeploymentArn": self.arn,
            "status": self.status,
            "statusReason": self.reason or None,
            "createdAt": self.created,
            "finishedAt": self.finished,
            "targetServiceRevision": target,
            "sourceServiceRevisions": [{"arn": arn} for arn in self.sources],
            "rollback": self.rollback,
            "lifecycleStage": self.stage or None,
            "lifecycleHookDetails": self.hooks,
            "deploymentCircuitBreaker": {"status": self.breaker},
            "alarms": {"status": "TRIGGERED" if self.alarms else "DISABLED", "triggeredAlarmNames": self.alarms},
        }
        return {key: value for key, value in told.items() if value is not None}


@dataclass(kw_only=True)
class Service:
    """One service."""

    name: str
    cluster: str
    desired: int
    fields: dict[str, Any] = field(default_factory=dict)
    status: str = "ACTIVE"
    controller: str = "ECS"
    rollouts: list[Rollout] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    revisions: dict[str, str] = field(default_factory=dict)
    """Address of each revision of it, with its task definition."""
    tasks: list[Task] = field(default_factory=list)
    events: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def arn(self) -> str:
        return f"{ARN}service/{self.cluster}/{self.name}"

    @property
    def primary(self) -> Rollout:
        return next(rollout for rollout in self.rollouts if rollout.status == "PRIMARY")

    def running(self, rollout: str) -> list[Task]:
        """The tasks of a deployment that run."""
        return [task for task in self.tasks if task.started_by == rollout and task.status == "RUNNING"]

    def described(self) -> dict[str, Any]:
        """As DescribeServices tells it."""
        rollouts = [
            {
                "id": rollout.id,
                "status": rollout.status,
                "taskDefinition": rollout.definition,
                "desiredCount": self.desired if rollout.status == "PRIMARY" else 0,
                "runningCount": len(self.running(rollout.id)),
                "pendingCount": 0,
                "failedTasks": rollout.failed,
                "rolloutState": rollout.state,
                "rolloutStateReason": rollout.reason,
                "createdAt": rollout.created,
                "updatedAt": rollout.created,
            }
            for rollout in self.rollouts
        ]
        return {
            **self.fields,
            "serviceArn": self.arn,
            "serviceName": self.name,
            "clusterArn": f"{ARN}cluster/{self.cluster}",
            "status": self.status,
            "desiredCount": self.desired,
            "runningCount": sum(each["runningCount"] for each in rollouts),
            "pendingCount": 0,
            "taskDefinition": self.primary.definition,
            "deploymentController": {"type": self.controller},
            "deployments": rollouts,
            "events": [
                {"id": str(number), "createdAt": at, "message": message}
                for number, (at, message) in reversed(list(enumerate(self.events)))
            ][:100],
        }
