"""The input, progress and results of a rollout. Pure: plain values, except for the objects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sealane.destinations import deletions, stages
from sealane.destinations import model as destinations
from sealane.destinations.stages import StageMark
from sealane.formations.gates import When
from sealane.formations.health_checks import HealthCheck
from sealane.stencils.model import Origin
from sealane.verdicts import model as verdicts
from sealane.verdicts import stability
from sealane.verdicts.judgement import Judgement, Rules

Manifest = Mapping[str, Any]
Objects = Callable[[], Awaitable[Sequence[Manifest]]]
"""Gives a revision's objects ready to be applied, secrets' values put in; asked inside the step that applies them."""

Origins = Mapping[tuple[str, str, str, str], Origin]
"""Where objects were written in files, by their identity."""
NOWHERE: Origins = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The desired state at a destination: one revision and how it is rolled out."""

    identity: destinations.Identity
    objects: Objects = field(repr=False)
    kept: destinations.Inventory = ()
    """Objects that are already right and are not written: the immutable Secret of a revision rolled back to."""
    made: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Objects of the revision that its containers may refer to, as the destination says."""
    manifests: Sequence[Manifest] = field(default=(), repr=False)
    """The same objects as they were rendered, values of secrets left out."""
    origins: Origins = field(default_factory=dict, repr=False)
    """Where they were written."""
    shape: stages.Shape = field(default_factory=stages.Shape)
    """What the destination needs to shape the objects, stage by stage."""
    shaper: stages.Shaper = stages.at_once
    """The destination's own."""
    health: Sequence[HealthCheck] = ()
    """The formation's own checks, for kinds that the destination can't judge by itself."""
    healthy_for: timedelta = timedelta(seconds=10)
    patience: timedelta = timedelta(seconds=60)
    deadline: timedelta = timedelta(minutes=10)
    finished: tuple[str, ...] = ()
    """`Kind/name` of its work that ended before this deployment: if its object is gone, it is not made again."""
    guard: stability.StabilityRules | None = field(default_factory=stability.StabilityRules)
    """What is looked for over all instances while it is watched."""

    def in_stages(self, objects: Sequence[Manifest] | None = None) -> tuple[stages.Stage, ...]:
        """The stages of its rollout; `objects` are those ready to be applied, the rendered ones unless given."""
        return self.shaper(self.manifests if objects is None else objects, self.shape)

    def leftovers(self, inventory: destinations.Inventory) -> destinations.Inventory:
        """Objects of the inventory that strategies made and the finished revision does not have."""
        return stages.among(inventory, self.in_stages()[-1].leftovers)

    def outgoing(self, inventory: destinations.Inventory) -> destinations.Inventory:
        """Objects of the inventory that served before and stay for a while."""
        return stages.among(inventory, self.in_stages()[-1].outgoing)

    def rules(self, begun: Begun) -> Rules:
        """The rules it is judged by when it was applied at that time."""
        return Rules(
            started=begun.at,
            since=begun.since,
            healthy_for=self.healthy_for,
            patience=self.patience,
            deadline=self.deadline,
            made=self.made,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentPlan:
    """One revision going to one formation, and all that a rollback needs."""

    target: Target
    stored: destinations.Inventory = ()
    """What the formation has there before the deployment."""
    previous: Target | None = None
    """The last verified revision; None when there is nothing to roll back to."""
    barred: str = ""
    """Why operators no longer allow `previous`; then nothing is rolled back to it."""
    stays: str = "nothing was verified here before, so there is nothing to roll back to"
    """Why a failure is not rolled back, when `previous` is None."""
    keep: destinations.Inventory = ()
    """What pruning leaves in place for later rollbacks: configuration and secrets of verified revisions."""
    budget: deletions.Budget = field(default_factory=deletions.Budget)
    adopt: bool = False
    is_rollback: bool = False
    """A person asked for a rollback."""
    verified: int = 0
    """Sequence of the last deployment that was verified before."""
    difference: Sequence[Mapping[str, Any]] = ()
    """What the revision changes against the last verified one, as plain data for the failure report."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """What a deployment found before its first write. Plain data: all its steps use it, whichever worker does them."""

    stored: destinations.Inventory = ()
    """What the formation had there."""
    previous: str | None = None
    """What a failure is rolled back to, as the memory names it."""
    stays: str = ""
    """Why a failure is not rolled back, when there is nothing to roll back to."""
    survey: stages.Survey = field(default_factory=dict)
    """What the destination found there."""
    finished: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Revision to its work that had ended whenever it was verified here."""
    stages: tuple[StageMark, ...] = (stages.ONLY.mark,)
    gates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of each stage that has gates to theirs."""
    hooks: tuple[When, ...] = ()
    """When hooks run."""
    compares: bool = False
    """Whether error lines are compared with those of what was there before."""
    annotates: bool = False
    """Whether metric stores are told how it ended."""


class Phase(StrEnum):
    """Where a rollout is."""

    APPLY = "apply"
    WATCH = "watch"
    PAUSE = "pause"
    GATES = "gates"
    HOOKS = "hooks"
    FAILURE_REPORT = "failure_report"
    REVERT = "revert"
    PRUNE = "prune"


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Progress to show: a phase begins or ends, or something new is seen in it."""

    phase: Phase
    at: datetime
    message: str
    key: str
    """Equal for the same progress, told again by a resumed rollout."""
    stage: str = ""
    """The stage that begins with it; empty for the only one, and where none begins."""
    observation: verdicts.Observation | None = None
    judgement: Judgement | None = None


Listener = Callable[[Progress], None]
"""Told of progress on the event loop; returns quickly and never raises."""


def unheard(progress: Progress) -> None:
    """The listener of a rollout that nobody follows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """What was applied and when: kept for resuming the watch."""

    inventory: destinations.Inventory
    """All that was written since the deployment began."""
    at: datetime
    watched: destinations.Inventory | None = None
    """The objects that its last stage is judged by; None: all."""
    pause: timedelta = timedelta()
    """How long it has to be watched at least."""
    since: datetime | None = None
    """When the deployment's first stage was applied, where this is a later one."""
    ended: tuple[str, ...] = ()
    """`Kind/name` of the work that was seen to end since the deployment began."""
    left: tuple[str, ...] = ()
    """What was to be deleted and stays, in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchResult:
    """The result of watching."""

    judgement: Judgement
    observation: verdicts.Observation
    startup: timedelta
    """How long the slowest instance took from its making to ready."""


def lasting(watched: WatchResult, target: Target, inventory: destinations.Inventory) -> int:
    """How many of the watched workloads stay: a canary does not."""
    aside = {f"{ref.kind}/{ref.name}" for ref in target.leftovers(inventory)}
    return sum(workload.object not in aside for workload in watched.observation.running)


def held_for(watched: WatchResult, target: Target, begun: Begun) -> timedelta:
    """How long the verdict may say that ready lasted: zero where there is no instance, or none became ready anew."""
    since = [
        workload.ready_since
        for workload in watched.observation.running
        if workload.ready_since and not workload.settled
    ]
    started = (begun.since or begun.at).replace(microsecond=0)  # truncated as a cluster's times are
    return target.healthy_for if since and max(since) >= started else timedelta()


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a deployment ended, and what is there now."""

    verdict: verdicts.Verdict
    inventory: destinations.Inventory | None = None
    """What the formation has there now; None: what was noted before the first write is all that is known."""
    startup: timedelta | None = None
    """How long the slowest instance of a verified revision took from its making to ready."""
    held: tuple[deletions.KeptObject, ...] = ()
    """What pruning left in place, and why."""
    note: str | None = None
    """What people should know in addition to the verdict."""
    way_back: str | None = None
    """Why the next rollback's revision could not be redeployed; None when it could, or there is none."""
    kept_for: timedelta = timedelta()
    """How long what served before stays up."""
