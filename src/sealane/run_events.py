"""Run events: frozen facts about what has just happened, for code that shows, stores, measures or reports them.

A stage calls its listener with each fact, on the event loop; a listener returns quickly and never raises. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sealane.pipelines.model import PlannedStep, RunStatus, StepStatus
from sealane.reports.model import CaseResult, Report


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStarted:
    """A run begins; its plan is complete."""

    run: str
    app: str
    steps: tuple[PlannedStep, ...]
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceStarted:
    """A service's container is being started."""

    run: str
    service: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceHealthy:
    """A service is ready for the steps."""

    run: str
    service: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceFailed:
    """A service never became healthy, or ended; `log` is the end of what it printed, masked."""

    run: str
    service: str
    reason: str
    log: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class StepStarted:
    """An attempt at a planned step begins; attempts count from 1."""

    run: str
    key: str
    attempt: int
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class LogWritten:
    """A planned step, or a service (service/NAME), printed this; masked, whole lines where possible."""

    run: str
    key: str
    attempt: int
    data: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportsRead:
    """An attempt has ended, and its test reports were read, masked."""

    run: str
    key: str
    attempt: int
    report: Report
    cases: tuple[CaseResult, ...] = ()
    """The result of each test, for insights."""
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRetried:
    """An attempt failed and another one follows."""

    run: str
    key: str
    attempt: int
    """The one that failed."""
    status: StepStatus
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class StepEnded:
    """A planned step ended, or was skipped."""

    run: str
    key: str
    status: StepStatus
    exit_code: int | None = None
    reason: str | None = None
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RunEnded:
    """A run ended; everything it started is removed."""

    run: str
    status: RunStatus
    reason: str | None = None
    at: datetime


RunSignal = (
    RunStarted
    | ServiceStarted
    | ServiceHealthy
    | ServiceFailed
    | StepStarted
    | LogWritten
    | ReportsRead
    | StepRetried
    | StepEnded
    | RunEnded
)

RunEvent = RunSignal
"""Any event of a run."""

Listener = Callable[[RunEvent], None]
"""Receives run events."""


def nobody(signal: RunEvent) -> None:
    """The listener that ignores everything."""
