"""Elastic Container Service, as values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

CONTENT = "sealane.dev/content"
"""The tag of a task definition with the hash of what it was registered from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """One revision of a task definition, which never changes."""

    arn: str
    active: bool
    content: str
    """The hash in its tag; empty if somebody else registered it."""
    fields: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollout:
    """One of a service's deployments, as the service itself lists it."""

    id: str
    primary: bool
    definition: str
    running: int
    state: str
    """`IN_PROGRESS`, `COMPLETED`, `FAILED`; empty where the service does not say."""
    reason: str
    created: datetime
    goes_back: bool = False
    """Whether the service began it to roll another one back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """The current state of one service."""

    arn: str
    name: str
    status: str
    desired: int
    controller: str
    rollouts: tuple[Rollout, ...]
    fields: Mapping[str, Any]
    """What it was made with, as the service describes it."""

    @property
    def primary(self) -> Rollout | None:
        """The deployment that is to stay."""
        return next((rollout for rollout in self.rollouts if rollout.primary), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceDeployment:
    """One deployment with its own end: the only record of what became of it."""

    arn: str
    status: str
    reason: str
    created: datetime
    definition: str
    """Of the revision that it was to bring; empty if unknown."""
    sources: tuple[str, ...] = ()
    """Task definitions that ran before it."""
    ended: datetime | None = None
    stage: str = ""
    triggered: str = ""
    """What made the service give it up: its circuit breaker, or alarms by name."""
    awaits: tuple[tuple[str, datetime | None], ...] = ()
    """Hooks that wait for a person, and until when."""

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status in {"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}

    @property
    def goes_back(self) -> bool:
        """Whether it is, or was, rolled back."""
        return self.status.startswith("ROLLBACK_")


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskContainer:
    """One container of a task."""

    name: str
    exit_code: int | None
    """None if it never started, or still runs."""
    reason: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One running or stopped task."""

    arn: str
    definition: str
    status: str
    started_by: str
    """The id of the deployment that started it."""
    stop_code: str
    stopped_reason: str
    health: str
    created: datetime
    started: datetime | None
    stopped: datetime | None
    containers: tuple[TaskContainer, ...] = field(default=())

    @property
    def id(self) -> str:
        """The last part of its address."""
        return self.arn.rpartition("/")[2]

    @property
    def failed_health_checks(self) -> bool:
        """Whether it was stopped because it did; ECS has no field for it, and its reason says so."""
        return "health checks" in self.stopped_reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One of a service's events."""

    at: datetime
    message: str
