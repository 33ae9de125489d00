"""A run on this machine: a listener is told of it, and nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from sealane import clock, run_events
from sealane.errors import SealaneError
from sealane.journal import Plain
from sealane.pipelines import run_status, scheduling
from sealane.pipelines.model import RunStatus
from sealane.runners import workspaces
from sealane.runners.model import RunContext, Workspace
from sealane.runners.port import Runner
from sealane.runs import story
from sealane.runs.model import Begun, RunResult, StepEnd
from sealane.runs.port import Context, ImageMaker

_CANCELLED = "cancelled"


async def run(  # noqa: PLR0913 - each is another part of the machine
    work: RunContext,
    runner: Runner,
    listener: run_events.Listener,
    *,
    stop: asyncio.Event,
    images: ImageMaker,
    at_once: int,
    now: clock.Clock = clock.now,
) -> RunResult:
    """Runs all of the plan, and removes all it made.

    Setting `stop` ends running steps with their grace and leaves out the rest. Deliveries must be skipped by the plan.
    What the engine can't do is a broken step, never an exception.
    """
    memory = LocalMemory(work, runner, listener, stop, now)
    try:
        context = Context(memory=memory, runner=runner, images=images, at_once=at_once, now=now)
        return await story.tell(context, Plain())
    finally:
        await memory.destroyed()


class LocalMemory:
    """What one process knows of its run."""

    def __init__(
        self, work: RunContext, runner: Runner, listener: run_events.Listener, stop: asyncio.Event, now: clock.Clock
    ) -> None:
        self._work = work
        self._runner = runner
        self._listener = listener
        self._stop = stop
        self._now = now
        self._prepared: dict[str, Workspace] = {}
        self._destroyed = False

    async def begin(self) -> Begun:
        """Gives the plan, which was made before the run."""
        run, app, steps = self._work.run.value, self._work.pipeline.app, self._work.plan.steps
        self._listener(run_events.RunStarted(run=run, app=app, steps=steps, at=self._now()))
        return Begun(plan=self._work.plan)

    async def work(self) -> RunContext:
        """What steps work with, and the images built so far."""
        return self._work

    async def prepared(self, workflow: str) -> RunContext:
        """As `work`; makes the workflow's network the first time, and its workspace where the run has a clone."""
        if workflow not in self._prepared:
            workspace = await workspaces.of_workflow(self._work, workflow)
            await self._runner.prepare(self._work.of(workflow, workspace).run, workspace)
            self._prepared[workflow] = workspace
        return self._work.of(workflow, self._prepared[workflow])

    async def leave(self, workflow: str) -> None:
        """Its containers and, in a clone, its workspace."""
        if workflow in self._prepared:
            work = self._work.of(workflow, self._prepared[workflow])
            await self._runner.destroy(work.run)
            await workspaces.forget(self._work, workflow)

    @asynccontextmanager
    async def listener(self) -> AsyncIterator[run_events.Listener]:
        """The run's listener: it is told at once."""
        yield self._listener

    async def cancelled_by(self) -> str | None:
        """The person at the keyboard, once `stop` is set."""
        return _CANCELLED if self._stop.is_set() else None

    async def cancelled(self) -> str:
        """Waits for Ctrl-C."""
        await self._stop.wait()
        return _CANCELLED

    async def end(self, key: str, end: StepEnd) -> StepEnd:
        """Tells the listener; later steps know the step's image."""
        if end.image:
            self._work = replace(self._work, images={**self._work.images, end.image.name: end.image.reference})
        if end.status in scheduling.FAILED:
            self._work = replace(self._work, failed=(*self._work.failed, self._work.plan.step(key).name))
        self._listener(
            run_events.StepEnded(
                run=self._work.run.value,
                key=key,
                status=end.status,
                exit_code=end.exit_code,
                reason=end.reason,
                at=end.ended,
            )
        )
        return end

    async def release(self) -> None:
        """Only a server makes releases."""

    async def make_plan(self, key: str) -> StepEnd:
        """Only a server plans pull requests; a local plan has none."""
        raise AssertionError(key)

    async def request_deployment(self, key: str, after: tuple[str, ...]) -> StepEnd:
        """Only a server deploys what a run built; a local plan has no deliveries."""
        raise AssertionError(key, after)

    async def finish(self, ends: Mapping[str, StepEnd], broken: str | None) -> RunResult:
        """Removes what the run made, and tells how it ended."""
        leftovers = await self.destroyed()
        status = RunStatus.BROKEN if broken else run_status.fold(end.status for end in ends.values())
        reason = broken or leftovers
        self._listener(run_events.RunEnded(run=self._work.run.value, status=status, reason=reason, at=self._now()))
        steps = {step.key: ends[step.key] for step in self._work.plan.steps if step.key in ends}
        return RunResult(status=status, steps=steps, leftovers=leftovers)

    async def destroyed(self) -> str | None:
        """Why something of the run could not be removed."""
        if self._destroyed:
            return None
        self._destroyed = True
        try:
            await asyncio.shield(self._runner.destroy(self._work.run))
        except SealaneError as error:
            return f"what the run made could not be removed: {error}"
        return None
