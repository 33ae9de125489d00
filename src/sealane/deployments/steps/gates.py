"""The gates of a healthy stage, and the guard of error lines. A repeat finds Jobs by name and samples anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sealane.deployments import failure_reports, hooks_and_gates, log_scan, new_errors
from sealane.deployments.gates import evaluate
from sealane.deployments.gates.context import GateContext
from sealane.deployments.gates.model import GateResult, GateSubject, Outcome, Report, spoken
from sealane.deployments.memory import Prepared
from sealane.deployments.model import Begun, Phase
from sealane.deployments.steps.reports import Failing
from sealane.deployments.steps.work import Work
from sealane.deployments.watch_phase import Stop
from sealane.formations.gates import Gate
from sealane.verdicts import outcomes
from sealane.verdicts.model import Cause

T = TypeVar("T")


async def check(work: Work, key: str, names: Sequence[str], since: datetime) -> Failing | None:
    """Checks gates, and waits for a person's answer on inconclusive ones. Gives why they fail, if they do.

    Key: deployment, point of the rollout and gate; a question to a person stays asked. Undo: none, it only looks.
    """
    prepared = await work.prepared()
    chosen = [gate for gate in prepared.beside.gates if gate.name in names]
    subject = hooks_and_gates.subject(prepared.beside, prepared.plan.target, key=key, since=since)
    async with (
        work.telling(Phase.GATES) as tell,
        work.memory.asking(key) as note,
        work.memory.stopping() as stop,
    ):
        tell(f"checks {_listed(chosen)}")
        context = replace(await _around(work, prepared, tell), note=note)
        report = await _unless_cancelled(stop, _spoken(work, chosen, subject, context), work)
    if isinstance(report, Cause):
        return Failing(cause=report)
    first, *others = report.causes(work.context.now()) or (None,)
    return Failing(cause=first, others=tuple(others), evidence=hooks_and_gates.evidence(report)) if first else None


async def printed_before(work: Work) -> tuple[str, ...]:
    """Signatures of the earlier version's error lines. Key: none needed, it only looks. Undo: none."""
    prepared = await work.prepared()
    namespace = prepared.plan.target.identity.namespace
    lines = await log_scan.lines(prepared.destination, work.start.stored, namespace=namespace)
    return new_errors.error_signatures(failure_reports.lines(lines, await work.memory.mask()))


async def printed_now(work: Work, before: tuple[str, ...], begun: Begun) -> Failing | None:
    """Compares error lines with the earlier version's. Gives why they fail it. Key: none, it only looks. Undo: none."""
    prepared = await work.prepared()
    namespace = prepared.plan.target.identity.namespace
    lines = await log_scan.lines(prepared.destination, begun.inventory, namespace=namespace)
    printed = failure_reports.lines(lines, await work.memory.mask())
    checked = log_scan.checked(before, printed, prepared.beside.new_errors)
    await work.tell(Phase.GATES, checked.sentence)
    cause = Report(checked=(checked,)).cause(work.context.now())
    return Failing(cause=cause) if cause else None


async def _spoken(work: Work, chosen: Sequence[Gate], subject: GateSubject, context: GateContext) -> Report:
    """The gates' report with people's answers on inconclusive ones: it passes or fails."""
    asked_before = await work.memory.asked(subject.key)
    fresh = [gate for gate in chosen if gate.name not in asked_before]
    report = await evaluate.evaluate(fresh, subject=subject, around=context)
    if report.outcome is Outcome.FAIL:
        return report
    says = {result.gate: result.message for result in report.checked if result.outcome is Outcome.INCONCLUSIVE}
    asked = [gate for gate in chosen if gate.name in asked_before or gate.name in says]
    passed = [result for result in report.checked if result.gate not in says]
    results = await asyncio.gather(
        *(_word(work, gate, subject.key, says.get(gate.name, ""), context.tell) for gate in asked)
    )
    return Report(checked=(*passed, *results))


async def _word(work: Work, gate: Gate, key: str, says: str, tell: Callable[[str], None]) -> GateResult:
    word = await work.memory.word(gate, key, says, tell)
    unsure = GateResult(gate=gate.name, outcome=Outcome.INCONCLUSIVE, message=word.message)
    checked = spoken(unsure, word.passes, who=word.who, reason=word.reason)
    tell(checked.sentence)
    return checked


async def _around(work: Work, prepared: Prepared, tell: Callable[[str], None]) -> GateContext:
    return GateContext(
        destination=prepared.destination,
        fence=work.context.fence,
        secret=work.context.secret,
        allowed=work.context.allowed(),
        alerts=work.context.alerts,
        adapters=work.context.adapters,
        mask=await work.memory.mask(),
        tell=tell,
        now=work.context.now,
    )


async def _unless_cancelled(stop: Stop, doing: Coroutine[Any, Any, T], work: Work) -> T | Cause:
    """The result; or why it stopped, when somebody cancelled the deployment first."""
    working = asyncio.create_task(doing)
    stopped = asyncio.create_task(stop.requested.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        return outcomes.cancellation(by=stop.by, at=work.context.now())
    finally:
        stopped.cancel()
        working.cancel()
        await asyncio.gather(working, stopped, return_exceptions=True)


def _listed(chosen: Sequence[Gate]) -> str:
    names = ", ".join(gate.name for gate in chosen)
    return f"gate {names}" if len(chosen) == 1 else f"gates {names}"
