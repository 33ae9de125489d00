"""The rights that Sealane needs in an account for ECS, as an IAM policy. Pure.

The calls are those that the driver makes and no more; a test compares the two. Which of them can be bound to a cluster is
told by the service authorization reference of AWS.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sealane.destinations.aws import policies

IN_CLUSTER = (
    "ContinueServiceDeployment",
    "CreateService",
    "DescribeServiceDeployments",
    "DescribeServiceRevisions",
    "DescribeServices",
    "DescribeTasks",
    "ListServiceDeployments",
    "StopServiceDeployment",
    "StopTask",
    "UpdateService",
)
"""Calls about services and tasks of a cluster."""
BY_CLUSTER = ("ListServices", "ListTasks")
"""Calls that know the cluster by a condition only."""
DEFINITIONS = ("RegisterTaskDefinition", "RunTask")
"""Calls about task definitions, which are no cluster's."""
WITH_THEM = ("TagResource",)
"""What registering one with tags takes, though it is no call of its own."""
UNBOUND = ("DescribeTaskDefinition",)
"""Calls that can't be bound to anything."""
SCHEDULES = ("CreateSchedule", "DeleteSchedule", "GetSchedule", "UpdateSchedule")
LOGS = ("GetLogEvents",)


def policy(*, region: str, bucket: str, clusters: Sequence[str], roles: Sequence[str] = ()) -> dict[str, Any]:
    """The policy for some clusters; `roles` are those that tasks and schedules may have, any if none is given."""
    partition = policies.partition_of(region)
    ecs = f"arn:{partition}:ecs:{region}:*"
    inside = [
        f"{ecs}:{kind}/{cluster}/*"
        for cluster in clusters
        for kind in ("service", "service-deployment", "service-revision", "task")
    ]
    arns = [f"{ecs}:cluster/{cluster}" for cluster in clusters]
    here = {"ArnEquals": {"ecs:cluster": arns}}
    passed = {"StringEquals": {"iam:PassedToService": ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com", _SCHEDULER]}}
    schedules = [f"arn:{partition}:scheduler:{region}:*:schedule/default/*"]
    return policies.policy(
        [
            policies.statement("Cluster", [f"ecs:{name}" for name in IN_CLUSTER], inside),
            policies.statement("ListCluster", [f"ecs:{name}" for name in BY_CLUSTER], ["*"], condition=here),
            policies.statement(
                "Definitions", [f"ecs:{name}" for name in (*DEFINITIONS, *WITH_THEM)], [f"{ecs}:task-definition/*"]
            ),
            policies.statement("Look", [f"ecs:{name}" for name in UNBOUND], ["*"]),
            policies.statement("Schedules", [f"scheduler:{name}" for name in SCHEDULES], schedules),
            policies.statement("Roles", ["iam:PassRole"], list(roles) or [_any_role(partition)], condition=passed),
            policies.statement("Logs", [f"logs:{name}" for name in LOGS], [f"arn:{partition}:logs:{region}:*:*"]),
            *policies.records(partition, bucket),
        ]
    )


_SCHEDULER = "scheduler.amazonaws.com"


def _any_role(partition: str) -> str:
    return f"arn:{partition}:iam::*:role/*"
