"""The port of a deployment's memory: what is known of its formation, and where everything that happens is kept.

Two adapters: `ledger_memory.LedgerMemory`, which lives in one process and has a ledger at the destination, and
`sealane.workflows.steps.deployment_memory.SqlMemory` of a server. A memory is of one deployment.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from sealane.deployments import failure_reports, model
from sealane.deployments.hooks_and_gates import HooksAndGates
from sealane.deployments.watch_phase import Stop, WatchNotes
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.formations.gates import Gate
from sealane.verdicts import model as verdicts
from sealane.verdicts.gate_requests import GateRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What a step works with. Each step makes it anew, and nothing of it is kept, since it may resolve secrets."""

    plan: model.DeploymentPlan
    destination: Destination
    beside: HooksAndGates
    """The hooks and gates of the plan's revision."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watching:
    """What a watcher notes and tells, and what may stop it."""

    notes: WatchNotes = field(default_factory=WatchNotes)
    look: Callable[[verdicts.Observation], None] = lambda _: None
    """Told of every observation; returns quickly and never raises."""
    stop: Stop = field(default_factory=Stop)


Asking = Callable[[str, str, GateRequest], None]
"""Told of a gate's request: the gate's name, the request and the answer. Returns quickly and never raises."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A person's answer about an inconclusive gate."""

    message: str
    """Why it is inconclusive, as the person was told."""
    passes: bool | None = None
    """None: nobody answered."""
    who: str = "a person"
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackPermission:
    """Whether operators allow the automatic rollback to the earlier revision."""

    refused: str = ""
    """Why they no longer allow it; empty when they do."""
    outdated: str = ""
    """What they would refuse if the revision were new."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """Objects that stay at destinations that a formation left."""

    words: str = ""
    unconfirmed: bool = False
    """Whether they are deleted once a person confirms."""


class Memory(Protocol):
    """The memory of one deployment. A worker that takes over may repeat each write: the first one counts."""

    async def prepare(self, start: model.Start) -> Prepared:
        """The work of a step, made from what the start found."""

    async def mask(self, *, before: str | None = None) -> failure_reports.Mask:
        """The mask for the formation's secrets; `before` names an earlier revision to mask, too."""

    async def expect(self, inventory: destinations.Inventory, fence: destinations.Fence) -> None:
        """Notes, before the write, what may be there from now on. Raises Fenced."""

    def telling(self) -> AbstractAsyncContextManager[model.Listener]:
        """The listener for progress; on leaving, all of it is kept, in order."""

    def watching(self) -> AbstractAsyncContextManager[Watching]:
        """For the time of one watch."""

    def asking(self, key: str) -> AbstractAsyncContextManager[Asking]:
        """The listener for gates' requests and answers at that point of the rollout."""

    def stopping(self) -> AbstractAsyncContextManager[Stop]:
        """A person's request to stop, heard while this lasts."""

    async def cancellation(self) -> verdicts.Cause | None:
        """The cause when somebody has cancelled it; otherwise None."""

    async def hooks_ran(self) -> tuple[str, ...]:
        """Hooks before a rollout that ran for this release in earlier deployments."""

    async def note_hooks(self, done: tuple[str, ...]) -> None:
        """Notes hooks that ran in this deployment."""

    async def forget_hooks(self, undone: tuple[str, ...]) -> None:
        """Notes hooks that were undone: they will run again."""

    async def keep_report(self, report: failure_reports.FailureReport) -> None:
        """Keeps the evidence of the failure."""

    async def keep_second_report(self, report: failure_reports.FailureReport) -> None:
        """Keeps the evidence of a rollback that failed, too."""

    async def asked(self, key: str) -> frozenset[str]:
        """Gates at this place of the rollout that a person was asked about already."""

    async def word(self, gate: Gate, key: str, says: str, tell: Callable[[str], None]) -> Word:
        """Asks a person about an inconclusive gate, and waits for as long as the gate says."""

    async def rollback_permission(self, start: model.Start) -> RollbackPermission:
        """Whether operators allow a failure to be rolled back."""

    async def next_rollback_refusal(self, prepared: Prepared) -> str | None:
        """Why the next rollback's revision could not be redeployed, once this one is verified; None when it could."""

    async def prune_left(self, fence: destinations.Fence) -> Left:
        """Deletes objects at destinations that the formation left, if a person confirmed. Raises Fenced."""

    async def conclude(self, outcome: model.Outcome) -> None:
        """Ends the deployment with its verdict and all that follows from it."""
