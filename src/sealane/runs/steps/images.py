"""Builds or retags one planned image, with the image maker of the run."""

from __future__ import annotations

from sealane import run_events
from sealane.errors import SealaneError
from sealane.pipelines.model import PlannedStep, StepStatus
from sealane.run_events import Listener
from sealane.runners import logs
from sealane.runners.model import RunContext
from sealane.runs.model import StepEnd
from sealane.runs.port import Context
from sealane.runs.steps import cancellation


async def make(context: Context, planned: PlannedStep) -> StepEnd:
    """Makes one planned image. Key and undo: the maker's. Raises what is not the user's fault, such as Unavailable."""
    memory, key = context.memory, planned.key
    if by := await memory.cancelled_by():
        return await memory.end(key, StepEnd(status=StepStatus.CANCELLED, reason=by, ended=context.now()))
    work = await memory.work()
    async with memory.listener() as listener:
        end = await cancellation.unless_cancelled(memory, _made(context, work, key, listener))
    if isinstance(end, cancellation.Cancelled):
        end = StepEnd(status=StepStatus.CANCELLED, reason=end.by, ended=context.now())
    return await memory.end(key, end)


async def _made(context: Context, work: RunContext, key: str, listener: Listener) -> StepEnd:
    begun, run = context.now(), work.run.value

    def tell(data: bytes) -> None:
        listener(run_events.LogWritten(run=run, key=key, attempt=1, data=data))

    listener(run_events.StepStarted(run=run, key=key, attempt=1, at=begun))
    log = logs.Log(work.secrets, tell)
    try:
        made = await context.images(work, work.plan.step(key), log.write)
    except SealaneError as error:
        if error.ours:
            raise
        reason = log.masked(str(error))
        return StepEnd(status=StepStatus.FAILED, reason=reason, started=begun, ended=context.now())
    finally:
        log.close()
    return StepEnd(status=StepStatus.PASSED, started=begun, ended=context.now(), image=made)
