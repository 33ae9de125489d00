"""What a deployment is told with: what is known of its formation, and where all that happens is kept.

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
    """What a step works with, made anew in each: it may ask for secrets, so nothing of it is kept."""

    plan: model.DeploymentPlan
    destination: Destination
    beside: HooksAndGates
    """The hooks and gates of the plan's revision."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watching:
    """What a watcher keeps, and what may stop it."""

    notes: WatchNotes = field(default_factory=WatchNotes)
    look: Callable[[verdicts.Observation], None] = lambda _: None
    """Told of every observation; returns quickly and never raises."""
    stop: Stop = field(default_factory=Stop)


Asking = Callable[[str, str, GateRequest], None]
"""Told of a gate's request: its name, what was asked, and what came back. Returns quickly and never raises."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """What a person said of an inconclusive gate."""

    message: str
    """Why it is inconclusive, as the person was told."""
    passes: bool | None = None
    """None: nobody said anything."""
    who: str = "a person"
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class WayBack:
    """What operators say of rolling back automatically to the revision before."""

    refused: str = ""
    """Why they don't allow it any more; empty when they do."""
    outdated: str = ""
    """What they would not allow any more if it were new."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """What stays at destinations that a formation left."""

    words: str = ""
    unconfirmed: bool = False
    """Whether a person's yes deletes it."""


class Memory(Protocol):
    """Whatever is written may be written again by a worker that takes over: the first time counts."""

    async def prepare(self, start: model.Start) -> Prepared:
        """What is to be done, from what was found at the start."""

    async def mask(self, *, before: str | None = None) -> failure_reports.Mask:
        """Takes what is secret in the formation out of all that is told; `before` names a revision before it, too."""

    async def expect(self, inventory: destinations.Inventory, fence: destinations.Fence) -> None:
        """Notes what may be there from now on; before any of it is written. Raises Fenced."""

    def telling(self) -> AbstractAsyncContextManager[model.Listener]:
        """Whom progress is told; afterwards all of it is kept, in order."""

    def watching(self) -> AbstractAsyncContextManager[Watching]:
        """For the time of one watch."""

    def asking(self, key: str) -> AbstractAsyncContextManager[Asking]:
        """Who is told what gates at that place of the rollout ask, and what comes back."""

    def stopping(self) -> AbstractAsyncContextManager[Stop]:
        """A person's word to stop, heard while this lasts."""

    async def called_off(self) -> verdicts.Cause | None:
        """Why it stops now, when somebody has called it off."""

    async def hooks_ran(self) -> tuple[str, ...]:
        """Hooks before a rollout that ran for this release in earlier deployments."""

    async def note_hooks(self, done: tuple[str, ...]) -> None:
        """Hooks that ran in this one."""

    async def forget_hooks(self, undone: tuple[str, ...]) -> None:
        """Hooks that were undone: they run again."""

    async def keep_report(self, report: failure_reports.FailureReport) -> None:
        """Keeps the evidence of the failure."""

    async def keep_second_report(self, report: failure_reports.FailureReport) -> None:
        """Keeps the evidence of a rollback that failed, too."""

    async def asked(self, key: str) -> frozenset[str]:
        """Gates at this place of the rollout that a person was asked about already."""

    async def word(self, gate: Gate, key: str, says: str, tell: Callable[[str], None]) -> Word:
        """Asks a person about an inconclusive gate, and waits for as long as the gate says."""

    async def way_back(self, start: model.Start) -> WayBack:
        """Whether operators let a failure go back."""

    async def closed(self, prepared: Prepared) -> str | None:
        """Why the revision that one would go back to, once this one is verified, could not be had; None when it could."""

    async def prune_left(self, fence: destinations.Fence) -> Left:
        """Deletes what is at destinations that the formation left, if a person said yes. Raises Fenced."""

    async def conclude(self, outcome: model.Outcome) -> None:
        """Ends the deployment: the verdict, and all that follows from it."""
