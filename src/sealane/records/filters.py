"""Filters of the lists of runs and deployments, as values. Pure: knows nothing about the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sealane.pipelines.model import RunStatus
from sealane.releases.deliveries import DeliveryOutcome

RUN_STATES = tuple(
    dict.fromkeys([*(status.value for status in RunStatus), *(outcome.value for outcome in DeliveryOutcome)])
)
"""The states of a run: how it ended, or, once it has passed, the state of its deliveries."""
DEPLOYMENT_STATES = tuple(outcome.value for outcome in DeliveryOutcome)


class Figure(StrEnum):
    """A figure of insights whose deployments are listed."""

    CHANGES = "changes"
    DEPLOYMENTS = "deployments"
    LEAD_TIME = "lead_time"
    FAILED = "failed"
    RESTORED = "restored"


class Ran(StrEnum):
    """Runs that insights count: all, or those with one result."""

    ALL = "all"
    PASSED = "passed"
    FAILED = "failed"
    FLAKY = "flaky"
    """Runs with a test that failed and passed on the same commit."""


HOURS = tuple(f"{hour:02}" for hour in range(24))


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which runs or deployments are listed; None filters nothing."""

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
    """The beginning of the commit's hash."""
    team: str | None = None
    """The owner of the app."""
    production: bool = False
    """Only what goes to environments that the operators call production."""
    figure: Figure | None = None
    cause: str | None = None
    """Only changes that failed for this cause."""
    hour: str | None = None
    """Only what ended in this hour of the day, UTC; one of HOURS."""
    ran: Ran | None = None
    step: str | None = None
    """Only runs that executed the step with this key; `ran` then applies to the step."""
    test: str | None = None
    """Only runs whose reports have this test; `ran` then applies to the test."""
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
