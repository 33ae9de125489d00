"""Deployments, votes and holds, as frozen values. Times are aware UTC. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sealane.events.model import Author, Pusher
from sealane.records.waits import Wait
from sealane.releases.deliveries import DeliveryOutcome
from sealane.verdicts.model import Verdict, VerdictKind


class DeploymentKind(StrEnum):
    """Where a deployment came from."""

    DELIVERY = "delivery"  # a run's own `deliver`
    MANUAL = "manual"  # a person sent a release somewhere
    ROLLBACK = "rollback"  # a person rolled back
    SCALE = "scale"  # the current revision with other numbers of instances
    RESTART = "restart"  # the current revision, all of a workload's instances made anew

    @property
    def in_place(self) -> bool:
        """Whether it changes what is deployed without a new release."""
        return self in {DeploymentKind.SCALE, DeploymentKind.RESTART}


class DeploymentState(StrEnum):
    """How far a deployment is; its verdict says how it ended."""

    WAITING = "waiting"  # for approvals, holds, earlier deliveries
    QUEUED = "queued"  # every gate is open
    ROLLING_OUT = "rolling_out"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRule:
    """Needs `count` different people of the groups; `source` says who requires it."""

    by: tuple[str, ...]
    count: int
    source: str
    unknown_pusher: int = 0
    """How many more people when the pusher is unknown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenGlass:
    """A person's decision to begin a deployment although its window is shut."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """One revision going to one formation."""

    id: str
    app: str
    formation: str
    sequence: int
    """Its number; always higher than the numbers of deployments that began at the formation before."""
    asked: int = 0
    """The number at its request: its run's, or a new one. `sequence` differs when a later deployment began first."""
    place: float = 0.0
    """The position of its release's commit in the line of commits."""
    kind: DeploymentKind
    state: DeploymentState
    environment: str
    destination: str
    namespace: str
    revision_id: str
    release_id: str | None = None
    run_id: str | None = None
    from_revision_id: str | None = None
    """The revision verified there when it was asked for; what reviewers compare with."""
    requested_by: str | None = None
    """The user who asked: signed in, pushed with their own token, or known at the git host. Never a commit's author."""
    pusher: Pusher | None = None
    """Who pushed its commit; None if not recorded."""
    authors: tuple[Author, ...] = ()
    """The authors of its commits since the one deployed when it was asked for."""
    by_hand: bool = False
    """A signed-in person asked for exactly this, perhaps by running a run again."""
    unasked: bool = False
    """Goes automatically, without approval."""
    confirmed: bool = False
    """A person confirmed deleting more than the budget."""
    adopt: bool = False
    """A person allowed taking over objects without an owner's labels."""
    glass: BrokenGlass | None = None
    """Who let it begin although the window of its environment is shut."""
    release_group_id: str | None = None
    """Its release group: several formations that move together or not at all."""
    keep: bool = False
    """Stays deployed when its release group is rolled back."""
    cancelled_by: str | None = None
    """Who cancelled it, before it began or during its rollout."""
    rules: tuple[ApprovalRule, ...] = ()
    agreed: tuple[ApprovalRule, ...] = ()
    """Approval rules already met for the same content, on the deployment that it rolls back to or scales."""
    after: tuple[str, ...] = ()
    """Deployments of the same run that must be deployed first."""
    phase: str | None = None
    waiting_for: str | None = None
    verdict: Verdict | None = None
    failure_report_id: str | None = None
    note: str | None = None
    """A lasting remark: what pruning left in place, why approval is asked again."""
    unreached_since: datetime | None = None
    """Since when it waits for a destination that does not answer; None if it answers."""
    way_back: str | None = None
    """Why the revision to roll back to could not be redeployed when that was tried; None when it could."""
    watched_until: datetime | None = None
    """Until when it is rolled back automatically if it degrades; None if never."""
    waits: tuple[Wait, ...] = ()
    """What it waited for before its last gate opened, in the order seen."""
    created: datetime
    opened: datetime | None = None
    """When its last gate opened."""
    started: datetime | None = None
    ended: datetime | None = None

    def afresh(self) -> Deployment:
        """The same revision to the same place, without its approvals and results."""
        return replace(
            self,
            state=DeploymentState.WAITING,
            sequence=0,
            asked=0,
            by_hand=False,
            unasked=False,
            confirmed=False,
            adopt=False,
            glass=None,
            release_group_id=None,
            keep=False,
            cancelled_by=None,
            rules=(),
            agreed=(),
            after=(),
            run_id=None,
            phase=None,
            waiting_for=None,
            unreached_since=None,
            verdict=None,
            failure_report_id=None,
            note=None,
            way_back=None,
            watched_until=None,
            waits=(),
            opened=None,
            started=None,
            ended=None,
        )

    @property
    def label(self) -> str:
        """The formation's name for people: `app/formation`."""
        return f"{self.app}/{self.formation}"

    @property
    def delivered(self) -> DeliveryOutcome:
        """Its result or progress, as a delivery of its run."""
        return DeliveryOutcome(self.verdict.kind if self.verdict else self.state)

    @property
    def remark(self) -> str:
        """Its note, unless the verdict says the same; empty without one."""
        return "" if self.verdict_kind is VerdictKind.ROLLED_BACK else self.note or ""

    @property
    def had_been_deployed(self) -> bool:
        """Whether it had a good verdict before its current one."""
        return self.verdict is not None and self.ended is not None and self.ended < self.verdict.at

    @property
    def verdict_kind(self) -> VerdictKind | None:
        """How it ended; None while it hasn't."""
        return self.verdict.kind if self.verdict else None


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineEntry:
    """One line of a deployment's story."""

    phase: str
    text: str
    detail: Mapping[str, Any] | None
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    """One person's yes or no to one revision."""

    user: str
    groups: frozenset[str]
    revision_id: str
    approves: bool
    comment: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """Stops a failed release, and everything older, from going to a formation."""

    id: str
    app: str
    formation: str
    up_to: int
    """Sequence of the failed release."""
    place: float = 0.0
    """The position of that release in the line of commits."""
    release_id: str | None
    deployment_id: str
    reason: str
    created: datetime

    @property
    def label(self) -> str:
        """The formation's name for people: `shop/production`."""
        return f"{self.app}/{self.formation}"


@dataclass(frozen=True, kw_only=True, slots=True)
class GateWord:
    """An inconclusive gate, and a person's answer to it, if any."""

    deployment_id: str
    key: str
    """Its place in the rollout."""
    gate: str
    message: str
    """Why it is inconclusive."""
    asked: datetime
    until: datetime
    """When it fails if nobody answers."""
    passes: bool | None = None
    by: str | None = None
    reason: str = ""
    said: datetime | None = None
