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
    """Why it ended as it did, where its steps don't say: refused before anything ran, cancelled by somebody."""
    deploy_tag: str | None = None
    release_id: str | None = None
    requested_by: str | None = None
    cancelled_by: str | None = None
    place: float = 0.0
    """Where its commit stands in the line of commits: what has a higher one is newer. Its number, unless git says more."""
    changed: int | None = None
    """How many files its event changed; None until the clone tells, and where nobody can."""
    delivered: DeliveryOutcome | None = None
    """How its deliveries stand, taken together; None without any."""
    because: str | None = None
    """In a list: why it failed, or is not where it should have gone; None where nothing went wrong."""
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def label(self) -> str:
        """How people name it: `shop #12`."""
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
    """What it made, as plain data: an image, the deployment it asked for."""
    started: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StepReport:
    """What the tests of one attempt at a step reported."""

    key: str
    attempt: int
    report: Report


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """What an event changed."""

    base: str | None
    """The commit it is compared with; None where everything is new."""
    paths: tuple[str, ...]
    """From the repository's root."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What an event came to; a duplicate names the run that its first copy started."""

    run_id: str
    duplicate: bool
    left_out: str | None = None
    """Why it is not run, where its push brought too many."""
