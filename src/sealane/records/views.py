"""What is read for answers and pages: rows with all that belongs to them. Pure."""

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
from sealane.records.formations import ReleaseGroupRow
from sealane.records.instance_counts import InstanceCount
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
    """What is there now, good or not."""
    verified: Deployment | None
    last: Deployment | None
    """The newest that was started, which may have been rolled back."""
    running: Deployment | None
    waiting: tuple[Deployment, ...]
    hold: Hold | None
    release: Release | None
    """Of `current`."""
    requests: Mapping[str, float] | None
    health: FormationHealth | None = None
    """How `current` fares; None before anybody looked, and while something else is on its way there.

    Unknown while what is on its way waits for a destination that does not answer.
    """
    drift: DriftSeen | None = None
    """How much of `current` somebody had changed when it was looked at last; None before anybody did."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LastDays:
    """What was deployed in the last days; times are medians, and None where there was nothing."""

    deployed: tuple[int, ...]
    """How many, a number a day; the last one is the day that ends now."""
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
    """What an event changed, as far as it is kept."""

    base: str | None
    """The commit it is compared with; None where everything is new."""
    count: int
    paths: tuple[str, ...]
    """The first of them, from the repository's root."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunService:
    """A service of a run, and how it came up."""

    name: str
    started: datetime
    ended: datetime | None
    """When it was healthy, or had failed; None while it comes up."""
    reason: str | None
    """Why it failed; None where it did not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunView:
    """A run with all that came of it."""

    run: Run
    steps: tuple[RunStep, ...]
    findings: tuple[Finding, ...]
    """Why it was refused, or warnings."""
    deployments: tuple[Deployment, ...]
    release: Release | None
    reports: tuple[StepReport, ...] = ()
    """What its tests reported: in the order of its steps, and of a step's attempts."""
    deliveries: tuple[Delivery, ...] = ()
    """What became of its deployments, in the same order."""
    services: tuple[RunService, ...] = ()
    """Those that were started, in that order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalView:
    """A deployment that asks people, and what they said."""

    deployment: Deployment
    votes: tuple[Vote, ...]
    """Only those for the revision as it is now."""
    missing: tuple[str, ...]
    """A line for each rule that is not met: `1 more of release-managers, sre`."""
    barred: Ineligible = eligibility.NOBODY
    """Who may not approve it, and why."""
    asked_by: str = ""
    """Who asked for it by hand, or who pushed it, in words."""
    written: tuple[str, ...] = ()
    """Whom its commits name as authors, since what was there; with the users they are known to be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentView:
    """A deployment with its story and evidence."""

    deployment: Deployment
    timeline: tuple[TimelineEntry, ...]
    revision: Revision
    previous: Revision | None
    """What it is compared with: what is verified there, as long as it has not begun; then what was."""
    release: Release | None
    approval: ApprovalView
    failure_report: Mapping[str, Any] | None
    hold: Hold | None
    second_failure_report: Mapping[str, Any] | None = None
    """The evidence of its way back, when that failed, too."""
    release_group: ReleaseGroupRow | None = None
    """The release group it goes with."""
    is_there: bool = False
    """Whether it is what is verified there, and there now."""
    origin: Origin | None = None
    """The run and the commit that its release comes from."""
    since: CommitRange | None = None
    """What it brings over what it is compared with; None where nothing was there, or nobody can tell."""
    tests: Report | None = None
    """What all tests of the run that built it came to, together; None where none reported."""
    gates: tuple[GateWord, ...] = ()
    """Gates that could not tell, oldest first."""
    observation: Observation | None = None
    """What was seen last of its workloads, and some of their instances that were not ready."""
    instances: tuple[InstanceCount, ...] = ()
    """How many instances there were, old and new, whenever that changed."""
    requests: tuple[GateRequests, ...] = ()
    """What its gates asked, and what came back, in the order in which they began."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogPart:
    """A piece of a log. `ended` is True when nothing more will come after it."""

    data: bytes
    next_offset: int
    ended: bool
