"""What lists of runs and deployments are filtered by, as values. Pure: knows nothing about the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sealane.pipelines.model import RunStatus
from sealane.releases.deliveries import DeliveryOutcome

RUN_STATES = tuple(
    dict.fromkeys([*(status.value for status in RunStatus), *(outcome.value for outcome in DeliveryOutcome)])
)
"""What the state of a run may be: how it ended, or how its deliveries stand once it has passed."""
DEPLOYMENT_STATES = tuple(outcome.value for outcome in DeliveryOutcome)


class Figure(StrEnum):
    """A figure of insights, by which the deployments behind it are listed."""

    CHANGES = "changes"
    DEPLOYMENTS = "deployments"
    LEAD_TIME = "lead_time"
    FAILED = "failed"
    RESTORED = "restored"


class Ran(StrEnum):
    """Runs that insights count, and those of them that came out one way."""

    ALL = "all"
    PASSED = "passed"
    FAILED = "failed"
    FLAKY = "flaky"
    """With a test that failed and passed on the same commit."""


HOURS = tuple(f"{hour:02}" for hour in range(24))


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which runs or deployments are listed; what is None lets all through."""

    app: str | None = None
    formation: str | None = None
    environment: str | None = None
    branch: str | None = None
    state: str | None = None
    """One of RUN_STATES or DEPLOYMENT_STATES."""
    author: str | None = None
    """Part of the name of the commit's author, in any case."""
    search: str | None = None
    """Part of the commit's subject, in any case."""
    commit: str | None = None
    """How the commit's hash begins."""
    team: str | None = None
    """Whom the app belongs to."""
    production: bool = False
    """Only what goes to environments that the operators call production."""
    figure: Figure | None = None
    cause: str | None = None
    """Only changes that failed for this."""
    hour: str | None = None
    """Only what ended in this hour of the day, UTC; one of HOURS."""
    ran: Ran | None = None
    step: str | None = None
    """Only runs that carried out the step of this key; `ran` is about it then."""
    test: str | None = None
    """Only runs whose reports have this test; `ran` is about it then."""
    since: datetime | None = None
    """Only what ended then or later."""
    until: datetime | None = None
    """Only what ended before."""


ALL = Filter()


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """What lists can be filtered by."""

    apps: tuple[str, ...]
    formations: tuple[str, ...]
    environments: tuple[str, ...]
