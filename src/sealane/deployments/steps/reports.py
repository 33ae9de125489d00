"""Keeps the evidence of a failure before anything is rolled back, and that of a failed rollback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sealane.deployments import failure_reports, hooks_and_gates, messages, model
from sealane.deployments.memory import Prepared
from sealane.deployments.steps.rollout import Watched
from sealane.deployments.steps.work import Work
from sealane.verdicts import diagnose
from sealane.verdicts import model as verdicts


@dataclass(frozen=True, kw_only=True, slots=True)
class Failing:
    """Why a gate, a hook or the guard fails a healthy rollout."""

    cause: verdicts.Cause
    others: tuple[verdicts.Cause, ...] = ()
    """Further causes of the same kind."""
    evidence: Mapping[str, Any] | None = None
    """The evidence of a Job."""


async def take(
    work: Work, cause: verdicts.Cause | None, watched: Watched | None, failing: Failing | None = None
) -> verdicts.Cause:
    """Keeps the evidence. Gives the cause, with the most telling line of the log.

    `cause` is given for a refusal, where nothing was watched. Key: the deployment; the first report stays. Undo: none.
    """
    prepared = await work.prepared()
    difference = prepared.plan.difference
    if watched is None:
        assert cause is not None, "what was not watched was refused or called off"
        report = failure_reports.refused(cause, difference=difference)
    else:
        report = replace(await _report(work, prepared, watched, failing), difference=tuple(difference))
    await work.memory.keep_report(report)
    if watched is not None:
        await work.tell(model.Phase.FAILURE_REPORT, f"kept {messages.evidence_words(report)}")
    blamed = report.cause or cause
    assert blamed is not None, "a failure has a cause"
    return blamed


async def take_second(work: Work, cause: verdicts.Cause | None, watched: Watched | None) -> verdicts.Cause:
    """Keeps the evidence of a rollback that failed. Gives its cause. Key: the deployment; the first stays. Undo: none."""
    if watched is None:
        assert cause is not None, "what was not watched was refused"
        report = failure_reports.refused(cause)
    else:
        report = await _report(work, await work.prepared(), watched, back=True)
    await work.memory.keep_second_report(report)
    blamed = report.cause or cause
    assert blamed is not None, "a failure has a cause"
    return blamed


async def _report(
    work: Work, prepared: Prepared, watched: Watched, failing: Failing | None = None, *, back: bool = False
) -> failure_reports.FailureReport:
    target = prepared.plan.previous if back else prepared.plan.target
    assert target is not None, "it was watched"
    result = hooks_and_gates.failing(watched.result, failing.cause) if failing else watched.result
    causes = diagnose.diagnose(result.observation, target.rules(watched.begun), now=work.context.now())
    others = (*failing.others, *causes) if failing else causes[1:]
    mask = await work.memory.mask(before=work.start.previous if back else None)
    report = await failure_reports.take(prepared.destination, target, result, others=others, mask=mask)
    return hooks_and_gates.with_evidence(report, failing.evidence if failing else None)
