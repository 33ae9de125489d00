"""Gates that run a Job, which has to end well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sealane.deployments import hooks, jobs
from sealane.deployments.gates.context import GateContext
from sealane.deployments.gates.model import GateResult, GateSubject, Outcome
from sealane.deployments.gates.port import GateKind
from sealane.errors import Fenced, SealaneError, Unavailable
from sealane.formations import gate_reading, gates
from sealane.formations.gate_files import JobFile
from sealane.formations.gates import Gate, Task


def _read(name: str, written: Any, wait: timedelta) -> Gate:
    return gates.job(name, gate_reading.task(written), wait=wait)


async def _check(gate: Gate, task: Task, subject: GateSubject, context: GateContext) -> GateResult:
    order = jobs.JobRequest(
        manifest=subject.jobs[gate.name],
        key=(subject.identity.owner, str(subject.identity.sequence), "gate", subject.key, gate.name),
        identity=subject.identity,
        timeout=task.timeout,
        variables=hooks.variables(subject.identity),
    )
    where = jobs.JobContext(destination=context.destination, fence=context.fence, mask=context.mask, now=context.now)
    try:
        end = await jobs.run(order, where)
    except (Fenced, Unavailable):
        raise
    except SealaneError as error:  # it can't even be written: nobody knows what it would have said
        return GateResult(gate=gate.name, outcome=Outcome.INCONCLUSIVE, message=context.mask(error.message))
    if end.cause is None:
        last_line = f": {end.lines[-1]}" if end.lines and end.lines[-1].strip() else ""
        return GateResult(gate=gate.name, outcome=Outcome.PASS, message=f"Job {end.name} ended well{last_line}")
    last_line = f" {end.cause.log}" if end.cause.log else ""
    return GateResult(
        gate=gate.name,
        outcome=Outcome.FAIL,
        message=f"{end.cause.sentence}{last_line}",
        failure_report=end.failure_report,
    )


ADAPTER = GateKind(file=JobFile, doc="The Job.", read=_read, model=Task, check=_check)
