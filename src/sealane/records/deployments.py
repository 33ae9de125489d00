"""Deployments and what people say of them, as frozen values. Times are aware UTC. Pure."""

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
        """Whether it changes what is there, and brings no release."""
        return self in {DeploymentKind.SCALE, DeploymentKind.RESTART}


class DeploymentState(StrEnum):
    """How far a deployment is; its verdict says how it ended."""

    WAITING = "waiting"  # for approvals, holds, earlier deliveries
    QUEUED = "queued"  # every gate is open
    ROLLING_OUT = "rolling_out"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalRule:
    """`count` different people out of the groups; `source` says who asks for it."""

    by: tuple[str, ...]
    count: int
    source: str
    unknown_pusher: int = 0
    """How many people more, where nobody knows who pushed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenGlass:
    """A person's word that a deployment begins while its window is shut."""

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
    """Its number; what begins at a formation has a higher one than what began there before."""
    asked: int = 0
    """The number it was asked for under: its run's, or a fresh one. `sequence` is another where a later one began first."""
    place: float = 0.0
    """Where its release's commit stands in the line of commits."""
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
    """The user who asked: who is signed in, pushed with a token of their own, or is known at the git host. No author's name."""
    pusher: Pusher | None = None
    """Who pushed its commit; None where nobody recorded it."""
    authors: tuple[Author, ...] = ()
    """Whom its commits name as authors, since what was there when it was asked for."""
    by_hand: bool = False
    """A person who is signed in asked for exactly this, also by running a run again."""
    unasked: bool = False
    """Goes by itself, without anybody's approval."""
    confirmed: bool = False
    """A person's typed yes to deleting more than the budget."""
    adopt: bool = False
    """A person's word that objects nobody's labels claim may be taken over."""
    glass: BrokenGlass | None = None
    """Who let it begin though the window of its environment is shut."""
    release_group_id: str | None = None
    """The release group it goes with: several formations that move together or not at all."""
    keep: bool = False
    """Stays where it is when its release group goes back."""
    cancelled_by: str | None = None
    """Who called it off, before it began or while it rolled out."""
    rules: tuple[ApprovalRule, ...] = ()
    agreed: tuple[ApprovalRule, ...] = ()
    """Rules that were met for the same content before: on the deployments that it goes back to, or scales."""
    after: tuple[str, ...] = ()
    """Deployments of the same run that must be deployed first."""
    phase: str | None = None
    waiting_for: str | None = None
    verdict: Verdict | None = None
    failure_report_id: str | None = None
    note: str | None = None
    """A remark that stays with it: what pruning left in place, why approval is asked again."""
    unreached_since: datetime | None = None
    """Since when its destination has not answered, while it waits for that; None where it answers."""
    way_back: str | None = None
    """Why the revision that one would go back to could not be redeployed, when it was tried; None when it could."""
    watched_until: datetime | None = None
    """Until when it is rolled back automatically when it degrades; None where it is not."""
    waits: tuple[Wait, ...] = ()
    """What stood in its way before its last gate opened, in the order in which it was seen."""
    created: datetime
    opened: datetime | None = None
    """When its last gate opened."""
    started: datetime | None = None
    ended: datetime | None = None

    def afresh(self) -> Deployment:
        """The same revision to the same place, with nothing of who agreed to it and how it went."""
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
        """How people name the formation: `app/formation`."""
        return f"{self.app}/{self.formation}"

    @property
    def delivered(self) -> DeliveryOutcome:
        """How it ended, or how far it is, as a delivery of its run."""
        return DeliveryOutcome(self.verdict.kind if self.verdict else self.state)

    @property
    def remark(self) -> str:
        """The note that stays with it, where its verdict does not say it; empty where there is none."""
        return "" if self.verdict_kind is VerdictKind.ROLLED_BACK else self.note or ""

    @property
    def had_been_deployed(self) -> bool:
        """Whether it had a good verdict before the one that it has now."""
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
    """Where that release stands in the line of commits."""
    release_id: str | None
    deployment_id: str
    reason: str
    created: datetime

    @property
    def label(self) -> str:
        """How people name where it is: `shop/production`."""
        return f"{self.app}/{self.formation}"


@dataclass(frozen=True, kw_only=True, slots=True)
class GateWord:
    """An inconclusive gate, and a person's word on it, once there is one."""

    deployment_id: str
    key: str
    """Where in the rollout."""
    gate: str
    message: str
    """Why it is inconclusive."""
    asked: datetime
    until: datetime
    """When it has failed if nobody says anything."""
    passes: bool | None = None
    by: str | None = None
    reason: str = ""
    said: datetime | None = None
