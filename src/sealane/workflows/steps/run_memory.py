"""A run on a server: kept in the store, its clone on disk, its steps' logs beside it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from sealane.errors import SealaneError, Unavailable
from sealane.pipelines import run_status
from sealane.pipelines.model import RunStatus
from sealane.records.runs import Run
from sealane.run_events import Listener
from sealane.runners import workspaces
from sealane.runners.model import RunContext, RunKey
from sealane.runs.model import Begun, RunResult, StepEnd
from sealane.runs.steps import cancellation
from sealane.store import rows
from sealane.workflows import checkouts
from sealane.workflows.context import Tools
from sealane.workflows.steps import images, pull_request_plans, releases, run_facts, run_start

_log = logging.getLogger(__name__)

_LOOK_FOR_CANCEL = 0.5
"""Seconds between two looks for a person's cancellation, which may come from another process."""


class SqlMemory:
    """The memory of a run in the store. Key of everything stored: the run and its planned step."""

    def __init__(self, tools: Tools, run_id: str) -> None:
        self._tools = tools
        self._store = tools.store
        self._run_id = run_id

    async def begin(self) -> Begun:
        """Checks the commit out, plans the run and looks ahead. Undo: `finish` removes the clone."""
        return await run_start.begin(self._tools, self._run_id)

    async def work(self) -> RunContext:
        """Reads secrets anew; they stay inside the step that asked."""
        plan = await self._store.runs.plan(self._run_id)
        assert plan is not None, "a run is planned before its steps"
        return await checkouts.work(self._tools, await self._run(), plan)

    async def prepared(self, workflow: str) -> RunContext:
        """Prepares the runner in this process, also after a takeover."""
        whole = await self.work()
        work = whole.of(workflow, await workspaces.of_workflow(whole, workflow))
        await workspaces.hold(work.workspace)
        networks = await self._tools.runner.prepare(work.run, work.workspace)
        await self._store.step_networks.keep(self._run_id, networks)  # before a container of it asks the server
        return work

    async def leave(self, workflow: str) -> None:
        """Its containers and its workspace, unless workspaces are kept."""
        work = await self.work()
        await self._tools.runner.destroy(RunKey(value=self._run_id, workflow=workflow))
        if not self._tools.settings.runs.keep_workspaces:
            await workspaces.forget(work, workflow)

    def listener(self) -> AbstractAsyncContextManager[Listener]:
        """Facts go to the store, logs to their files."""
        return run_facts.Recorder(self._run_id, self._store, self._tools.logs).recording()

    async def cancelled_by(self) -> str | None:
        """The sentence with the person's name."""
        by = (await self._run()).cancelled_by
        return f"{by} cancelled the run" if by else None

    async def cancelled(self) -> str:
        """Looks at intervals; the step itself deals with an unavailable database."""
        while True:
            try:
                if by := await self.cancelled_by():
                    return by
            except Unavailable as error:
                _log.debug("nobody is heard: %s", error)
            await asyncio.sleep(_LOOK_FOR_CANCEL)

    async def end(self, key: str, end: StepEnd) -> StepEnd:
        """Stores it, with the image that it made."""
        made = {"result": rows.plain(end.image)} if end.image else {}
        await self._store.runs.set_step(
            self._run_id,
            key,
            at=self._tools.now(),
            status=end.status,
            reason=end.reason,
            exit_code=end.exit_code,
            ended=end.ended,
            **made,
        )
        return end

    async def release(self) -> None:
        """Makes a release of all images of the run."""
        await releases.release(self._tools, self._run_id)

    async def make_plan(self, key: str) -> StepEnd:
        """Undo: none, nothing is kept but the log."""
        if by := await self.cancelled_by():
            return await self.end(key, releases.cancelled(by, self._tools.now()))
        made = await cancellation.unless_cancelled(self, pull_request_plans.make(self._tools, self._run_id, key))
        if isinstance(made, cancellation.Cancelled):
            made = releases.cancelled(made.by, self._tools.now())
        return await self.end(key, made)

    async def request_deployment(self, key: str, after: tuple[str, ...]) -> StepEnd:
        """Renders the release for the formation. Undo: a deployment that waits may be rejected."""
        if by := await self.cancelled_by():
            return await self.end(key, releases.cancelled(by, self._tools.now()))
        end = await releases.request_deployment(self._tools, self._run_id, key, after)
        return await self.end(key, end)

    async def finish(self, ends: Mapping[str, StepEnd], broken: str | None) -> RunResult:
        """Stores the run's first end and all that is not stored yet, and gives the free slot to a waiting run."""
        run = await self._run()
        for step in await self._store.runs.steps(run.id):
            if step.key in ends and step.status is not ends[step.key].status:
                await self.end(step.key, ends[step.key])
        status, reason = _outcome(run, ends, broken)
        await self._store.runs.end(run.id, at=self._tools.now(), status=status, reason=reason)
        leftovers = await self._clean_up(run)
        await self._tools.slots.look()
        return RunResult(status=status, steps=ends, leftovers=leftovers)

    async def _clean_up(self, run: Run) -> str | None:
        """What can't be removed is logged and left: it must not keep a run from ending."""
        leftovers = None
        try:
            await self._tools.runner.destroy(RunKey(value=run.id))
            await self._store.step_networks.forget(run.id)
            await images.tidy(self._tools, run)
        except SealaneError as error:
            leftovers = str(error)
            _log.warning("run %s left something behind: %s", run.id, error)
        if not self._tools.settings.runs.keep_workspaces:
            await asyncio.to_thread(checkouts.forget, self._tools, run.id)
        return leftovers

    async def _run(self) -> Run:
        return await self._store.runs.get(self._run_id)


def _outcome(run: Run, ends: Mapping[str, StepEnd], broken: str | None) -> tuple[RunStatus, str | None]:
    status = RunStatus.BROKEN if broken is not None else run_status.fold(end.status for end in ends.values())
    if run.cancelled_by and status is not RunStatus.PASSED:
        return RunStatus.CANCELLED, f"{run.cancelled_by} cancelled it"
    return status, broken
