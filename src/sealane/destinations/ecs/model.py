"""Values about services and tasks: what Sealane wrote there, and their current state. Pure: plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sealane import hashing
from sealane.clients.aws.ecs_model import Definition, Rollout, Service, ServiceDeployment, Task
from sealane.destinations import model

GROUP = "ecs.amazonaws.com"
API_VERSION = f"{GROUP}/v1"
SCHEDULER_GROUP = "scheduler.amazonaws.com"
SERVICE, DEFINITION, TASK = "Service", "TaskDefinition", "Task"
SCHEDULE = "Schedule"
VERSION_OF = {
    SERVICE: API_VERSION,
    DEFINITION: API_VERSION,
    TASK: API_VERSION,
    SCHEDULE: f"{SCHEDULER_GROUP}/v1",
}
"""The API version of each kind."""
RESTARTED = "sealane.dev/restarted"
"""An annotation of a service: when somebody restarted its tasks."""

Manifest = Mapping[str, Any]


class Step(StrEnum):
    """What was asked of the service."""

    DEPLOY = "deploy"  # a deployment of its own
    STOP = "stop"  # a deployment of ours is stopped, and rolled back by the service
    BACK = "back"  # a deployment of ours that the service rolls back
    SETTINGS = "settings"  # fields that start no deployment
    NOTHING = "nothing"  # it was already as desired


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """Sealane's last operation on a service."""

    step: Step
    sequence: int
    revision: str
    definition: str
    """The task definition that runs after it."""
    before: str
    """The one before it; empty for a new service."""
    at: datetime
    """The service's time just before it."""
    primary: str = ""
    """The id of the deployment that was there before."""
    deployment: str = ""
    """The id of its own deployment; empty if nobody has seen the answer."""
    stopped: str = ""
    """The address of the deployment of ours that is rolled back."""
    until: str = ""
    """How far it may go: a stage of the service's own at which a person is asked; empty: to its end."""
    continued: Mapping[str, str] = field(default_factory=dict)
    """The hook at which it was continued, by how far it could go then: a repeat continues no other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """Sealane's record of an object, in its bucket: its owner, how it was written, and the last operation."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    operation: Operation | None = None
    written: Mapping[str, Any] = field(default_factory=dict)
    """A service's fields as they were last written: the service does not describe all of them."""
    definitions: Mapping[str, str] = field(default_factory=dict)
    """A family's registered task definitions: their addresses by the hash of their content, the last one last."""
    task: str = ""
    """The address of a task that was started."""
    asked: datetime | None = None
    """When that task was first asked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A service as seen by one look. Times are the account's."""

    at: datetime
    service: Service | None
    deployments: tuple[ServiceDeployment, ...] = ()
    """Since Sealane's last operation, oldest first."""
    tasks: tuple[Task, ...] = ()

    @property
    def primary(self) -> Rollout | None:
        """The deployment that is to stay."""
        return self.service.primary if self.service else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What a plan depends on, beside the manifest."""

    record: Record | None
    identity: model.Identity
    adopt: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The task definition that a service is to run."""

    name: str
    """For people: a family, or an address."""
    arn: str = ""
    """Empty while it is not registered."""


def ref_named(kind: str, name: str, cluster: str) -> model.ObjectRef:
    """The reference of the object of that kind and name; its namespace is its cluster."""
    return model.ref_of({"apiVersion": VERSION_OF[kind], "kind": kind, "metadata": {"name": name}}, cluster)


def fields_of(definition: Manifest) -> dict[str, Any]:
    """What a task definition's manifest registers."""
    return {"family": definition["metadata"]["name"], **(definition.get("spec") or {})}


def content_of(fields: Mapping[str, Any]) -> str:
    """The hash of a task definition's content: the same content is registered once."""
    return hashing.content_id(dict(fields))


def named_in(manifest: Manifest) -> str:
    """What a manifest calls the task definition that it runs."""
    spec = manifest.get("spec") or {}
    if manifest["kind"] == SCHEDULE:
        return str(((spec.get("Target") or {}).get("EcsParameters") or {}).get("TaskDefinitionArn") or "")
    return str(spec.get("taskDefinition") or "")


def target_of(manifest: Manifest, objects: Sequence[Manifest], known: Mapping[str, Definition]) -> Target:
    """What a service or a schedule names: a task definition among the objects, or one that is there."""
    name = named_in(manifest)
    if any(manifest["kind"] == DEFINITION and manifest["metadata"]["name"] == name for manifest in objects):
        definition = known.get(name)
        return Target(name=name, arn=definition.arn if definition and definition.active else "")
    return Target(name=name, arn=name)


def short(arn: str) -> str:
    """`family:revision` of an address."""
    return arn.rpartition("/")[2]
