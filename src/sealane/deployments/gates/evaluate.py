"""Checking gates: all at once, until one fails or all are through. Thin: what samples mean is decided in `samples.py`.

Idempotent by the subject's key: who calls again samples anew and finds the Jobs that run already. A gate never passes by
being cut short, because nothing is said before all its samples are taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from sealane.clients.metric_stores import queries, requests
from sealane.deployments import hooks, jobs
from sealane.deployments.gates import samples
from sealane.deployments.gates.context import GateContext
from sealane.deployments.gates.model import GateJudgement, GateResult, GateSubject, Outcome, Report
from sealane.environments import egress_allowlist
from sealane.errors import Fenced, Refused, SealaneError, Unavailable
from sealane.secrets.masking import Masker
from sealane.stencils.gates import Alerts, Gate, Http, Query, Store, Task

POLL = 1.0
"""Seconds between two looks at the alerts that came in."""


async def evaluate(gates: Sequence[Gate], *, subject: GateSubject, around: GateContext) -> Report:
    """Checks the gates side by side. The first that fails ends the others: it is decisive.

    Raises Fenced, and Unavailable when the destination of a Job is away. A metric store that is away is inconclusive.
    """
    checking = {asyncio.create_task(_check(gate, subject, around)): gate for gate in gates}
    checked: list[GateResult] = []
    try:
        for done in asyncio.as_completed(checking):
            each = await done
            around.tell(each.sentence)
            checked.append(each)
            if each.outcome is Outcome.FAIL:
                break
    finally:
        for task in checking:
            task.cancel()
        await asyncio.gather(*checking, return_exceptions=True)
    return Report(checked=tuple(checked))


async def _check(gate: Gate, subject: GateSubject, around: GateContext) -> GateResult:
    if gate.stage is not None:
        return GateResult(gate=gate.name, outcome=Outcome.INCONCLUSIVE, message="the formation's strategy asks for one")
    if gate.url and (problem := egress_allowlist.refused(gate.url, around.allowed.hosts if around.allowed else None)):
        return GateResult(gate=gate.name, outcome=Outcome.FAIL, message=problem)
    if gate.job:
        return await _job(gate, gate.job, subject, around)
    if gate.http:
        judged = await _http(gate.http, around)
    elif gate.query:
        judged = await _query(gate, gate.query, around)
    else:
        assert gate.alerts is not None, "a gate is one of the four"
        judged = await _alerts(gate.alerts, subject, around)
    return GateResult(gate=gate.name, outcome=judged.outcome or Outcome.INCONCLUSIVE, message=judged.message)


async def _http(check: Http, around: GateContext) -> GateJudgement:
    hits: list[samples.HttpSample] = []
    while True:
        answer = await requests.ask(check.url, patience=check.timeout, allowed=around.allowed)
        hits.append(samples.HttpSample(seconds=answer.seconds, status=answer.status, problem=answer.problem))
        judged = samples.http(check, hits)
        if judged.outcome:
            return judged
        await around.sleep(max(0.0, check.interval.total_seconds() - answer.seconds))


async def _query(gate: Gate, check: Query, around: GateContext) -> GateJudgement:
    try:
        keys = {name: await around.secret(reference) for name, reference in gate.references.items()}
    except Refused as error:
        return GateJudgement(outcome=Outcome.INCONCLUSIVE, message=error.message)
    mask = Masker.of(keys.values()).whole  # a store may repeat what it was asked with
    readings: list[samples.MetricSample] = []
    while True:
        readings.append(await _read(check, keys, around, mask))
        judged = samples.query(check, readings)
        if judged.outcome:
            return judged
        await around.sleep(check.interval.total_seconds())


async def _read(
    check: Query, keys: dict[str, str], around: GateContext, mask: Callable[[str], str]
) -> samples.MetricSample:
    try:
        if check.store is Store.PROMETHEUS:
            values = await queries.prometheus(check.url, check.query, keys=keys, allowed=around.allowed)
        elif check.store is Store.DATADOG:
            values = await queries.datadog(
                check.url, check.query, keys=keys, now=around.now(), window=check.window, allowed=around.allowed
            )
        else:
            values = await queries.influxdb(
                check.url, check.query, keys=keys, database=check.database or "", allowed=around.allowed
            )
    except (Unavailable, Refused) as error:
        return samples.MetricSample(problem=mask(error.message))
    return samples.MetricSample(values=values)


async def _alerts(check: Alerts, subject: GateSubject, around: GateContext) -> GateJudgement:
    if around.alerts is None:
        says = "no server receives alerts here; deploy by a server, or leave the gate out"
        return GateJudgement(outcome=Outcome.INCONCLUSIVE, message=says)
    until = subject.since + check.duration
    while True:
        ended = around.now() >= until
        judged = samples.alerts(check, await around.alerts(check, subject.since), ended=ended)
        if judged.outcome:
            return judged
        await around.sleep(min(POLL, max(0.0, (until - around.now()).total_seconds())))


async def _job(gate: Gate, task: Task, subject: GateSubject, around: GateContext) -> GateResult:
    order = jobs.JobRequest(
        manifest=subject.jobs[gate.name],
        key=(subject.identity.owner, str(subject.identity.sequence), "gate", subject.key, gate.name),
        identity=subject.identity,
        timeout=task.timeout,
        variables=hooks.variables(subject.identity),
    )
    where = jobs.JobContext(destination=around.destination, fence=around.fence, mask=around.mask, now=around.now)
    try:
        end = await jobs.run(order, where)
    except (Fenced, Unavailable):
        raise
    except SealaneError as error:  # it can't even be written: nobody knows what it would have said
        return GateResult(gate=gate.name, outcome=Outcome.INCONCLUSIVE, message=around.mask(error.message))
    if end.cause is None:
        said = f": {end.lines[-1]}" if end.lines and end.lines[-1].strip() else ""
        return GateResult(gate=gate.name, outcome=Outcome.PASS, message=f"Job {end.name} ended well{said}")
    said = f" {end.cause.log}" if end.cause.log else ""
    return GateResult(
        gate=gate.name, outcome=Outcome.FAIL, message=f"{end.cause.sentence}{said}", failure_report=end.failure_report
    )
