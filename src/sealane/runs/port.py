"""The ports of a run's story, the same for a command and a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from sealane import clock
from sealane.pipelines.model import PlannedStep
from sealane.run_events import Listener
from sealane.runners.model import RunContext
from sealane.runners.port import Output, Runner
from sealane.runs.model import Begun, MadeImage, RunResult, StepEnd

ImageMaker = Callable[[RunContext, PlannedStep, Output], Awaitable[MadeImage]]
"""Builds or retags a planned image; tells its progress on the event loop. Raises what the clients raise."""


class Memory(Protocol):
    """The memory of one run: its plan, its listeners and its end.

    Every call may be repeated, also by another process after a crash. All raise SealaneError where they can't do it.
    """

    async def begin(self) -> Begun:
        """Begins the run, and gives its plan."""

    async def work(self) -> RunContext:
        """What steps work with now, the secrets and the images made so far included."""

    async def prepared(self, workflow: str) -> RunContext:
        """As `work`, for the steps of one workflow, once the engine is ready for their containers."""

    async def leave(self, workflow: str) -> None:
        """Removes what a workflow made, once all its steps have ended; what can't be removed goes with the run."""

    def listener(self) -> AbstractAsyncContextManager[Listener]:
        """A listener for a step's facts; on leaving, the facts are stored."""

    async def cancelled_by(self) -> str | None:
        """Who wants the run to end, in a sentence; None while nobody does."""

    async def cancelled(self) -> str:
        """Waits until somebody wants the run to end, and gives that sentence."""

    async def end(self, key: str, end: StepEnd) -> StepEnd:
        """Keeps how a planned step ended, and gives it."""

    async def release(self) -> None:
        """Makes a release of what was built; does nothing where there are no releases."""

    async def make_plan(self, key: str) -> StepEnd:
        """Plans a formation for those who review the run's commit; changes nothing."""

    async def request_deployment(self, key: str, after: tuple[str, ...]) -> StepEnd:
        """Requests the deployment of a planned delivery, to run after those deployments."""

    async def finish(self, ends: Mapping[str, StepEnd], broken: str | None) -> RunResult:
        """Ends the run and removes what it made; `broken` says why it could not go on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """Everything that the story of a run needs."""

    memory: Memory
    runner: Runner
    images: ImageMaker
    at_once: int
    """Steps and images that may be made at the same time."""
    now: clock.Clock = clock.now
