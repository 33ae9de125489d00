"""Records for answers and pages: rows with everything that belongs to them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sealane.events.commits import CommitRange
from sealane.findings import Finding
from sealane.records import eligibility
from sealane.records.deployments import Deployment, GateWord, Hold, TimelineEntry, Vote
from sealane.records.drift import DriftSeen
from sealane.records.eligibility import Ineligible
from sealane.records.instance_counts import InstanceCount
from sealane.records.release_groups import GroupReport
from sealane.records.runs import Run, RunStep, StepReport
from sealane.releases.deliveries import Delivery
from sealane.releases.model import Release
from sealane.releases.origin import Origin
from sealane.reports.model import Report
from sealane.stencils.model import Revision
from sealane.verdicts.gate_requests import GateRequests
from sealane.verdicts.health import FormationHealth
from sealane.verdicts.model import Observation


@dataclass(frozen=True, kw_only=True, slots=True)
class FormationRow:
    """One formation on the overview."""

    app: str
    owner: str
    formation: str
    environment: str
    destination: str
    namespace: str
    production: bool
    """Whether the operators call its environment production."""
    current: Deployment | None
    """The current deployment, good or not."""
    verified: Deployment | None
    last: Deployment | None
    """The newest that was started; it may have been rolled back."""
    running: Deployment | None
    waiting: tuple[Deployment, ...]
    hold: Hold | None
    release: Release | None
    """The release of `current`."""
    requests: Mapping[str, float] | None
    health: FormationHealth | None = None
    """How `current` fares; None before anybody looked, and while something else is on its way there.

    Unknown while what is on its way waits for a destination that does not answer.
    """
    drift: DriftSeen | None = None
    """The drift of `current` when it was last checked; None before the first check."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LastDays:
    """What was deployed in the last days; times are medians, and None without data."""

    deployed: tuple[int, ...]
    """Deployments per day; the last number is for the 24 hours up to now."""
    rolled_back: int
    back_after: timedelta | None
    """From the start of a rollout until the old version served again."""
    to_production: timedelta | None
    """From a run's delivery until it was deployed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedRow:
    """Something that others deploy, as it was seen last."""

    app: str
    owner: str
    formation: str
    environment: str
    destination: str
    namespace: str
    version: str
    """The deploy tag that its namespace or its workloads name; empty where none does, and before anybody looked."""
    health: FormationHealth | None
    """How it fares; null before anybody looked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangedView:
    """The files that an event changed, as far as kept."""

    base: str | None
    """The commit it is compared with; None when everything is new."""
    count: int
    paths: tuple[str, ...]
    """The first changed paths, from the repository's root."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunService:
    """A service of a run, and how it came up."""

    name: str
    started: datetime
    ended: datetime | None
    """When it became healthy or failed; None while it starts."""
    reason: str | None
    """Why it failed; None if it did not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunView:
    """A run with all its results."""

    run: Run
    steps: tuple[RunStep, ...]
    findings: tuple[Finding, ...]
    """Why it was refused, or warnings."""
    deployments: tuple[Deployment, ...]
    release: Release | None
    reports: tuple[StepReport, ...] = ()
    """Its test reports: in the order of its steps, and of a step's attempts."""
    deliveries: tuple[Delivery, ...] = ()
    """The results of its deployments, in the same order."""
    services: tuple[RunService, ...] = ()
    """Its services, in the order in which they were started."""
    groups: tuple[GroupReport, ...] = ()
    """Its release groups."""

    @property
    def alone(self) -> tuple[Delivery, ...]:
        """The deliveries that belong to no release group."""
        parts = {part for group in self.groups for part in group.deployments}
        return tuple(delivery for delivery in self.deliveries if delivery.deployment not in parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalView:
    """A deployment that needs approval, and the votes so far."""

    deployment: Deployment
    votes: tuple[Vote, ...]
    """Only those for the revision as it is now."""
    missing: tuple[str, ...]
    """A line for each unmet rule: `1 more of release-managers, sre`."""
    barred: Ineligible = eligibility.NOBODY
    """Who may not approve it, and why."""
    asked_by: str = ""
    """Who asked for it by hand, or who pushed it, in words."""
    written: tuple[str, ...] = ()
    """The authors of its commits since what was deployed, with their user names if known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentView:
    """A deployment with its story and evidence."""

    deployment: Deployment
    timeline: tuple[TimelineEntry, ...]
    revision: Revision
    previous: Revision | None
    """What it is compared with: the verified revision; once it has begun, the one verified before."""
    release: Release | None
    approval: ApprovalView
    failure_report: Mapping[str, Any] | None
    hold: Hold | None
    second_failure_report: Mapping[str, Any] | None = None
    """The evidence of its rollback, when that failed, too."""
    groups: tuple[GroupReport, ...] = ()
    """The release group that it moves or is rolled back with; empty without one."""
    is_there: bool = False
    """Whether it is verified and currently deployed."""
    origin: Origin | None = None
    """The run and the commit of its release."""
    since: CommitRange | None = None
    """What it adds to what it is compared with; None when nothing was deployed, or if unknown."""
    tests: Report | None = None
    """The sum of all test reports of the run that built it; None without reports."""
    gates: tuple[GateWord, ...] = ()
    """Inconclusive gates, oldest first."""
    observation: Observation | None = None
    """The last observation of its workloads, with some instances that were not ready."""
    instances: tuple[InstanceCount, ...] = ()
    """The number of instances, old and new, at each change."""
    requests: tuple[GateRequests, ...] = ()
    """The requests of its gates and the answers, in the order in which the gates began."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogPart:
    """A piece of a log. `ended` is True when nothing more will come after it."""

    data: bytes
    next_offset: int
    ended: bool
