"""The memory of a deployment that one process runs from beginning to end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from typing_extensions import override

from sealane.deployments import failure_reports, model
from sealane.deployments.gates.context import unnoted
from sealane.deployments.gates.model import GateResult, Outcome
from sealane.deployments.hooks_and_gates import HooksAndGates
from sealane.deployments.memory import Asking, Left, Memory, Prepared, RollbackPermission, Watching, Word
from sealane.deployments.start import start
from sealane.deployments.watch_phase import Stop, WatchNotes
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.destinations.stages import Survey
from sealane.formations.gates import Gate
from sealane.verdicts import model as verdicts

Ask = Callable[[GateResult], Awaitable[bool | None]]
"""Asks a person whether an inconclusive gate passes; None when there is nobody."""


async def nobody(checked: GateResult) -> bool | None:
    """Nobody is there to be asked."""
    del checked
    return None


@dataclass(kw_only=True, slots=True)
class ProcessMemory(Memory):
    """Holds one plan; tells a listener, and keeps the rest in its fields."""

    plan: model.DeploymentPlan
    destination: Destination
    beside: HooksAndGates = field(default_factory=HooksAndGates)
    listener: model.Listener = model.unheard
    masking: failure_reports.Mask = failure_reports.plain
    ask: Ask = nobody
    report: failure_reports.FailureReport | None = None
    second_report: failure_reports.FailureReport | None = None
    hooks: tuple[str, ...] = ()
    """Hooks before the rollout that count as run for its release."""
    outcome: model.Outcome | None = None
    notes: WatchNotes = field(default_factory=WatchNotes)

    def __post_init__(self) -> None:
        self.hooks = self.beside.ran

    def start(self, survey: Survey) -> model.Start:
        """What was found before the first write."""
        previous = self.plan.previous.identity.revision if self.plan.previous else None
        return start(self.plan, self.beside, previous=previous, survey=survey, finished={})

    @override
    async def prepare(self, _start: model.Start) -> Prepared:
        return Prepared(plan=self.plan, destination=self.destination, beside=self.beside)

    @override
    async def mask(self, *, before: str | None = None) -> failure_reports.Mask:
        del before  # the mask knows the secrets of both revisions
        return self.masking

    @override
    async def expect(self, inventory: destinations.Inventory, fence: destinations.Fence) -> None:
        """Does nothing: what may be there was noted before the story began."""

    @asynccontextmanager
    @override
    async def telling(self) -> AsyncIterator[model.Listener]:
        yield self.listener

    @asynccontextmanager
    @override
    async def watching(self) -> AsyncIterator[Watching]:
        yield Watching(notes=self.notes)

    @asynccontextmanager
    @override
    async def asking(self, key: str) -> AsyncIterator[Asking]:
        """Gates' results are told, but not each request."""
        del key
        yield unnoted

    @asynccontextmanager
    @override
    async def stopping(self) -> AsyncIterator[Stop]:
        """Nobody stops it this way: a person interrupts the process."""
        yield Stop()

    @override
    async def cancellation(self) -> verdicts.Cause | None:
        return None

    @override
    async def hooks_ran(self) -> tuple[str, ...]:
        return self.beside.ran

    @override
    async def note_hooks(self, done: tuple[str, ...]) -> None:
        self.hooks = tuple(dict.fromkeys((*self.hooks, *done)))

    @override
    async def forget_hooks(self, undone: tuple[str, ...]) -> None:
        self.hooks = tuple(name for name in self.hooks if name not in undone)

    @override
    async def keep_report(self, report: failure_reports.FailureReport) -> None:
        self.report = self.report or report

    @override
    async def keep_second_report(self, report: failure_reports.FailureReport) -> None:
        self.second_report = self.second_report or report

    @override
    async def asked(self, key: str) -> frozenset[str]:
        del key
        return frozenset()

    @override
    async def word(self, gate: Gate, key: str, says: str, tell: Callable[[str], None]) -> Word:
        del key, tell
        unsure = GateResult(gate=gate.name, outcome=Outcome.INCONCLUSIVE, message=says)
        return Word(message=says, passes=await self.ask(unsure))

    @override
    async def rollback_permission(self, _start: model.Start) -> RollbackPermission:
        return RollbackPermission(refused=self.plan.barred)

    @override
    async def next_rollback_refusal(self, _prepared: Prepared) -> str | None:
        return None

    @override
    async def prune_left(self, fence: destinations.Fence) -> Left:
        """Without a server a formation has one destination."""
        del fence
        return Left()

    @override
    async def conclude(self, outcome: model.Outcome) -> None:
        self.outcome = outcome
