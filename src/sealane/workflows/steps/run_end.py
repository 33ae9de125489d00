"""Ending a run: its status folded from its steps, and all it made in the engine and on disk removed."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from sealane.errors import SealaneError
from sealane.pipelines import run_status, scheduling
from sealane.pipelines.model import RunStatus, StepStatus
from sealane.records.model import Run
from sealane.runners.model import RunKey
from sealane.workflows import checkouts, context
from sealane.workflows.steps import images

_log = logging.getLogger(__name__)


async def finish(run_id: str, ends: dict[str, dict[str, Any]], broken: str | None) -> str:
    """Ends the run; `ends` has what came of each step, `broken` why the run itself could not go on.

    Gives the run's status. Key: the run; a repeat keeps the first end. Undo: none.
    """
    bench = context.current()
    run = await bench.store.runs.get(run_id)
    statuses = await _settle(run, ends)
    status = run_status.fold(statuses.values())
    reason = None
    if broken is not None:
        status, reason = RunStatus.BROKEN, broken
    if run.cancelled_by and status is not RunStatus.PASSED:
        status, reason = RunStatus.CANCELLED, f"{run.cancelled_by} cancelled it"
    await bench.store.runs.end(run_id, at=bench.now(), status=status, reason=reason)
    await _clean_up(run)
    await bench.slots.look()
    return status.value


async def _settle(run: Run, ends: dict[str, dict[str, Any]]) -> dict[str, StepStatus]:
    """Stores what no step's own body could: what was left out and why, and steps that broke."""
    store, at = context.current().store, context.current().now()
    plan = await store.runs.plan(run.id)
    if plan is None:
        return {}
    statuses = {key: StepStatus(end["status"]) for key, end in ends.items()}
    left_out = scheduling.skipped(plan, statuses)
    for step in await store.runs.steps(run.id):
        if step.key in ends and step.status is not statuses[step.key]:
            reason = ends[step.key].get("reason")
            await store.runs.set_step(run.id, step.key, at=at, status=statuses[step.key], reason=reason, ended=at)
        elif step.key in left_out and step.status is not StepStatus.SKIPPED:
            reason = left_out[step.key]
            await store.runs.set_step(run.id, step.key, at=at, status=StepStatus.SKIPPED, reason=reason, ended=at)
    return {**dict.fromkeys(left_out, StepStatus.SKIPPED), **statuses}


async def _clean_up(run: Run) -> None:
    """What can't be removed is told and left: it must not keep a run from ending."""
    bench = context.current()
    try:
        await bench.runner.destroy(RunKey(value=run.id))
        await bench.store.step_networks.forget(run.id)
        await images.tidy(run)
    except SealaneError as error:
        _log.warning("run %s left something behind: %s", run.id, error)
    if not bench.settings.runs.keep_workspaces:
        await asyncio.to_thread(checkouts.forget, run.id)
