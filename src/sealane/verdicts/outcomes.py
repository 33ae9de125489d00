"""Verdicts and the sentences of their reasons. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sealane.verdicts import model
from sealane.verdicts.messages import causes

NOTHING_WRITTEN = "nothing was written, what was there before still is"
"""Why a deployment that was refused is left as it is."""
NO_WORKLOAD = "nothing of the workloads was written, what was there before still is"
"""Why a deployment is left as it is when a hook before it failed."""

ONLY_PLANNED = "nothing goes back there without a plan that people have seen: `sealane rollback` makes one"
"""Why a failure is not rolled back automatically where only what was planned can be applied."""

MOST_NOTES = 5
"""How many notes a verdict shows; the rest is only counted."""


def notes(observation: model.Observation) -> tuple[str, ...]:
    """What people should know about the workloads: that one has no instances, for example."""
    return tuple(
        causes.closed(f"{causes.name(workload.object, observation.unit)} {workload.note}")
        for workload in observation.workloads
        if workload.note
    )


def deployed(
    *,
    at: datetime,
    workloads: int,
    healthy_for: timedelta,
    notes: Sequence[str] = (),
    finished: Sequence[str] = (),
    unconfirmed: bool = False,
) -> model.Verdict:
    """Everything became ready and stayed so. `finished` is the work that had ended by then."""
    subject = f"{workloads} workload" if workloads == 1 else f"{workloads} workloads" if workloads else "everything"
    is_single = workloads <= 1
    reason = f"{subject} {'is' if is_single else 'are'} ready"
    if workloads and healthy_for:
        reason = f"{subject} {'has' if is_single else 'have'} been ready for {healthy_for.total_seconds():g} s"
    more = f"and {len(notes) - MOST_NOTES} more of that kind" if len(notes) > MOST_NOTES else ""
    sentence = causes.sentences(reason, *notes[:MOST_NOTES], more)
    return model.Verdict(
        kind=model.VerdictKind.DEPLOYED,
        reason=sentence,
        at=at,
        finished=tuple(sorted(finished)),
        unconfirmed=unconfirmed,
    )


def failed(
    cause: model.Cause, *, at: datetime, because: str, stays: str = "", failure_report_id: str | None = None
) -> model.Verdict:
    """It failed and was left as it is. `because` says why it was not rolled back, `stays` what hooks did."""
    reason = causes.sentences(cause.sentence, f"It was left as it is: {causes.bare(because)}", stays)
    return model.Verdict(
        kind=model.VerdictKind.FAILED, reason=reason, at=at, cause=cause, failure_report_id=failure_report_id
    )


def refused(cause: model.Cause, *, at: datetime) -> model.Verdict:
    """The destination refused it before anything was written."""
    return replace(failed(cause, at=at, because=NOTHING_WRITTEN), untouched=True)


def not_written(cause: model.Cause, *, at: datetime, stays: str) -> model.Verdict:
    """Nothing was written: a person cancelled it, or the destination refused it. `stays` is what hooks did."""
    if cause.reason is model.FactKind.CALLED_OFF:
        reason = causes.sentences(cause.sentence, stays)
        return model.Verdict(kind=model.VerdictKind.CANCELLED, reason=reason, at=at, untouched=True)
    return refused(cause, at=at)


def not_begun(cause: model.Cause, *, at: datetime, stays: str) -> model.Verdict:
    """A hook before the rollout failed, and no workload was written; `stays` says what the hooks did."""
    return replace(failed(cause, at=at, because=NO_WORKLOAD, stays=stays), untouched=True)


def not_admitted(reason: str, *, at: datetime) -> model.Verdict:
    """The operators' files do not allow it now. Its release is not to blame, so no hold is set."""
    sentence = causes.sentences(
        f"It is not allowed now: {causes.bare(reason)}", f"It was left as it is: {NOTHING_WRITTEN}"
    )
    return model.Verdict(kind=model.VerdictKind.FAILED, reason=sentence, at=at, untouched=True)


def rolled_back(
    cause: model.Cause,
    *,
    at: datetime,
    stays: Sequence[str] = (),
    by_itself: bool = False,
    failure_report_id: str | None = None,
) -> model.Verdict:
    """It failed, and the earlier revision is there again; `stays` names what could not be restored or was left.

    `by_itself`: the destination had restored it, and nothing was written for it.
    """
    restored = "The destination put back what was there before by itself" if by_itself else ""
    return model.Verdict(
        kind=model.VerdictKind.ROLLED_BACK,
        reason=causes.sentences(cause.sentence, restored, *stays),
        at=at,
        cause=cause,
        by_itself=by_itself,
        failure_report_id=failure_report_id,
    )


def rolled_back_late(cause: model.Cause, *, at: datetime, verified: datetime) -> model.Verdict:
    """It was deployed, and degraded so soon that the last verified revision is redeployed."""
    span = at - verified
    minutes, seconds = round(span / timedelta(minutes=1)), max(1, round(span.total_seconds()))
    after = f"{minutes} minutes" if minutes > 1 else f"{seconds} s"
    reason = f"Rolled back {after} after the verdict: {cause.sentence}"
    return model.Verdict(kind=model.VerdictKind.ROLLED_BACK, reason=reason, at=at, cause=cause)


def not_rolled_back(taken: model.Verdict, second: str, *, at: datetime) -> model.Verdict:
    """The late rollback failed for a `second` reason; the degraded revision is still there."""
    reason = causes.sentences(taken.reason, f"The rollback failed too: {causes.bare(second)}")
    return replace(taken, kind=model.VerdictKind.ROLLBACK_FAILED, reason=reason, at=at)


def rollback_failed(
    cause: model.Cause, second: str, *, at: datetime, failure_report_id: str | None = None
) -> model.Verdict:
    """It failed, and so did its rollback, for a `second` reason: a person has to look."""
    reason = causes.sentences(cause.sentence, f"The rollback failed too: {causes.bare(second)}")
    return model.Verdict(
        kind=model.VerdictKind.ROLLBACK_FAILED, reason=reason, at=at, cause=cause, failure_report_id=failure_report_id
    )


def broken(message: str, *, at: datetime) -> model.Verdict:
    """Sealane could not do it. The release is not to blame, so no hold is set and nothing is rolled back."""
    return model.Verdict(
        kind=model.VerdictKind.FAILED,
        reason=causes.sentences(f"Sealane could not do it: {causes.bare(message)}"),
        at=at,
    )


LEFT_ALONE = {
    model.FactKind.SUPERSEDED: model.VerdictKind.SUPERSEDED,
    model.FactKind.UNDER_WAY: model.VerdictKind.UNPROVEN,
    model.FactKind.UNPROVEN: model.VerdictKind.UNPROVEN,
}
"""Causes of which nothing is rolled back: somebody else's version would be undone, or one that may well be good."""


def left_alone(cause: model.Cause, *, at: datetime) -> model.Verdict:
    """Neither verified nor failed: it is left as it is, and the next deployment goes on from there."""
    reason = causes.sentences(cause.sentence, "It was left as it is: nothing was rolled back")
    return model.Verdict(kind=LEFT_ALONE[cause.reason], reason=reason, at=at, cause=cause)


def superseded(*, by: int, label: str, at: datetime) -> model.Verdict:
    """A newer deployment of the formation started before it."""
    reason = f"#{by} was started on {label} before it."
    return model.Verdict(kind=model.VerdictKind.SUPERSEDED, reason=reason, at=at)


def cancelled(*, by: str, at: datetime) -> model.Verdict:
    """A person cancelled it before it began; nothing was changed."""
    return model.Verdict(kind=model.VerdictKind.CANCELLED, reason=_off(by), at=at)


def cancellation(*, by: str, at: datetime) -> model.Cause:
    """The cause when a person stops a rollout: it is rolled back as a failure is."""
    person = f"Person/{by}"
    return model.Cause(
        sentence=_off(by), object=person, workload=person, reason=model.FactKind.CALLED_OFF, decisive=True, since=at
    )


def _off(by: str) -> str:
    return f"Called off by {by}."
