"""Runs and their steps, as frozen values. Times are aware UTC. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sealane.events.model import Event
from sealane.pipelines.model import RunStatus, StepStatus
from sealane.releases.deliveries import DeliveryOutcome
from sealane.reports.model import Report


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One execution of a pipeline for one commit."""

    id: str
    app: str
    sequence: int
    """The app's own counter, given at receipt."""
    event: Event
    status: RunStatus
    reason: str | None = None
    """Why it ended, when its steps don't say: refused before anything ran, cancelled by somebody."""
    deploy_tag: str | None = None
    release_id: str | None = None
    requested_by: str | None = None
    cancelled_by: str | None = None
    place: float = 0.0
    """The position of its commit in the line of commits: higher is newer. Its `sequence`, unless git knows better."""
    changed: int | None = None
    """How many files its event changed; None before the clone, and if unknown."""
    delivered: DeliveryOutcome | None = None
    """The combined state of its deliveries; None without any."""
    because: str | None = None
    """In a list: why it failed or was not delivered; None if nothing went wrong."""
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def label(self) -> str:
        """Its name for people: `shop #12`."""
        return f"{self.app} #{self.sequence}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStep:
    """One planned step of a run."""

    key: str
    kind: str
    name: str
    needs: tuple[str, ...]
    status: StepStatus
    reason: str | None = None
    exit_code: int | None = None
    attempt: int = 1
    result: Mapping[str, Any] | None = None
    """Its result as plain data: an image, or the deployment it asked for."""
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def failure_ignored(self) -> bool:
        """Whether its work failed, which its file says to ignore."""
        return self.status is StepStatus.PASSED and bool(self.exit_code)


@dataclass(frozen=True, kw_only=True, slots=True)
class StepReport:
    """The test report of one attempt at a step."""

    key: str
    attempt: int
    report: Report


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """The files that an event changed."""

    base: str | None
    """The commit it is compared with; None when everything is new."""
    paths: tuple[str, ...]
    """Paths from the repository's root."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """The result of an event; a duplicate names the run that its first copy started."""

    run_id: str
    duplicate: bool
    left_out: str | None = None
    """Why it is not run, if its push had too many branches."""
