"""Elastic Beanstalk, as values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sealane.clients.aws.event_signs import Sign


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event of an environment."""

    at: datetime
    severity: str
    message: str
    request: str
    sign: Sign

    @property
    def bad(self) -> bool:
        """Whether it reports a final failure."""
        return self.severity in {"ERROR", "FATAL"} or self.sign in {Sign.FAILED, Sign.SOME_FAILED}


@dataclass(frozen=True, kw_only=True, slots=True)
class InstanceHealth:
    """One instance, and its last deployment."""

    id: str
    health: str
    label: str
    status: str
    """`Deployed`, `In Progress`, `Failed`."""
    deployment: int
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """The current state of one environment."""

    id: str
    name: str
    application: str
    status: str
    color: str
    label: str
    cname: str
    abortable: bool
    health: str = ""
    """`Ok`, `Warning` …; empty with basic health."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """The result of enhanced health."""

    causes: tuple[str, ...]
    instances: tuple[InstanceHealth, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A version of an application."""

    label: str
    bundle: Mapping[str, str]
    status: str
    """`PROCESSED`, `FAILED` …, in capitals."""
    made_for: str = ""
    """The formation that Sealane made it for, `app/formation`; of a version that others made the description's first word."""
    created: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LogSample:
    """Lines of one instance's log."""

    instance: str
    at: datetime
    lines: tuple[str, ...] = field(repr=False)
