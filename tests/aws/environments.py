"""An environment of Elastic Beanstalk: what it is at, and which steps from there are legal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

EDGES: dict[str, set[str]] = {
    "Launching": {"Ready"},
    "Ready": {"Updating", "LinkingFrom", "LinkingTo"},
    "Updating": {"Ready", "Aborting"},
    "Aborting": {"Ready"},
    "LinkingFrom": {"Ready"},
    "LinkingTo": {"Ready"},
    "Terminating": {"Terminated"},
    "Terminated": set(),
}
COLORS = {
    "NoData": "Grey",
    "Unknown": "Grey",
    "Pending": "Grey",
    "Suspended": "Grey",
    "Ok": "Green",
    "Info": "Green",
    "Warning": "Yellow",
    "Degraded": "Red",
    "Severe": "Red",
}


class Illegal(AssertionError):
    """A step that the service never takes: the fixture is wrong."""


@dataclass(kw_only=True)
class Instance:
    """One machine, and the version that it was deployed last."""

    id: str
    label: str
    deployment: int
    status: str = "Deployed"
    health: str = "Ok"
    causes: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Event:
    """One line of what it tells."""

    at: datetime
    severity: str
    message: str
    request: str = ""


@dataclass(kw_only=True)
class Environment:
    """One environment."""

    name: str
    application: str
    label: str
    id: str = "e-abcdefgh"
    cname: str = ""
    enhanced: bool = True
    status: str = "Ready"
    color: str = "Green"
    health: str = "Ok"
    causes: list[str] = field(default_factory=list)
    abortable: bool = False
    updated: datetime | None = None
    deployment: int = 7
    """Number of the last deployment."""
    settings: dict[tuple[str, str], str] = field(default_factory=dict)
    instances: list[Instance] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    ended_actions: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)
    """Managed actions that run."""

    def move(self, status: str) -> None:
        """Another state; raises Illegal where the service has no such step."""
        if status not in EDGES[self.status] and not (status == "Terminating" and self.status != "Terminated"):
            raise Illegal(f"{self.name}: {self.status} → {status}")
        self.status = status
        self.abortable = status == "Updating"

    def fares(self, health: str, *causes: str) -> None:
        """Another health."""
        self.health, self.color, self.causes = health, COLORS[health], list(causes)

    def say(self, at: datetime, severity: str, message: str, request: str = "") -> None:
        """Tells an event."""
        self.events.append(Event(at=at, severity=severity, message=message, request=request))

    def described(self) -> dict[str, Any]:
        """As DescribeEnvironments tells it."""
        return {
            "EnvironmentName": self.name,
            "EnvironmentId": self.id,
            "ApplicationName": self.application,
            "VersionLabel": self.label,
            "CNAME": self.cname or f"{self.name}.elasticbeanstalk.com",
            "EndpointURL": f"awseb-{self.id}.elb.amazonaws.com",
            "Status": self.status,
            "AbortableOperationInProgress": self.abortable,
            "Health": self.color if self.enhanced or self.status == "Ready" else "Grey",
            "HealthStatus": self.health if self.enhanced else None,
            "DateUpdated": self.updated,
            "Tier": {"Name": "WebServer", "Type": "Standard", "Version": "1.0"},
        }
