"""Why not yet? What a run waits for or why it ended, its deliveries included. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sealane.approvals.explanation import Condition, Explanation, StepLog, no_worker
from sealane.findings import errors
from sealane.pipelines.model import Kind, RunStatus, StepStatus
from sealane.records.release_groups import GroupReport
from sealane.records.runs import RunStep
from sealane.records.views import RunView
from sealane.records.waits import Waits
from sealane.releases.deliveries import Delivery, DeliveryOutcome

_AGAIN = {RunStatus.BROKEN, RunStatus.CANCELLED}
"""Ends of runs that may get further when they are run again unchanged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerLoad:
    """The load on the workers that a run shares."""

    going: int = 0
    """Other runs that have a slot."""
    slots: int = 1
    """How many slots there are."""
    own: int = 0
    """Slots that runs of its own app have."""
    share: int = 1
    """How many slots its app may have."""
    workers: int = 1
    """How many workers are alive."""


def run(view: RunView, crowd: WorkerLoad = WorkerLoad()) -> Explanation:
    """Why a run is not done yet, or how it ended: with its deliveries, where it has any, and not only its steps."""
    hint = f"sealane rerun {view.run.id}" if view.run.status in _AGAIN else ""
    return replace(_run(view, crowd), deliveries=view.deliveries, hint=hint)


def _run(view: RunView, crowd: WorkerLoad) -> Explanation:
    subject = view.run
    if subject.status is RunStatus.WAITING:
        conditions = tuple(_crowded(crowd))
        waiting = f"waits for {conditions[0].what}" if conditions else "starts in a moment"
        return Explanation(sentence=f"{subject.label} {waiting}", waiting=conditions)
    running = [step for step in view.steps if step.status is StepStatus.RUNNING]
    if running:
        return Explanation(sentence=f"{subject.label} is running {', '.join(step.name for step in running)}")
    if subject.reason:
        wrong = tuple(str(finding) for finding in errors(view.findings))
        more = wrong if len(wrong) > 1 else ()
        return Explanation(sentence=f"{subject.label} {subject.status}: {subject.reason}", findings=more)
    came = "".join(f"; {words}" for words in (*map(_came, view.alone), *map(_went, view.groups)))
    bad = next((step for step in view.steps if step.status in {StepStatus.FAILED, StepStatus.BROKEN}), None)
    if bad:
        sentence = f"{subject.label} {subject.status} at {bad.name}: {bad.reason or 'no reason was given'}"
        return Explanation(sentence=f"{sentence}{came}", log=StepLog(key=bad.key, step=bad.name))
    if subject.status is RunStatus.RUNNING:
        doing = "is between two steps" if view.steps else "is being checked out and looked at"
        return Explanation(sentence=f"{subject.label} {doing}")
    skipped = next((step.reason for step in view.steps if step.status is StepStatus.SKIPPED and step.reason), None)
    left_out = f"; left out: {skipped}" if skipped and subject.status is RunStatus.SKIPPED else ""
    return Explanation(sentence=f"{subject.label}{_built(view)}{left_out}{came}")


def _built(view: RunView) -> str:
    """The result of the steps; with deliveries, these are the outcome."""
    if not view.deliveries:
        reason = next((step.reason for step in view.steps if _is_kept_back(step)), None)
        nothing = f"; nothing is delivered: {reason}" if reason and view.run.status is RunStatus.PASSED else ""
        return f" {view.run.status}{nothing}"
    return " built" if view.release and view.release.images else ": its steps passed"


def _is_kept_back(step: RunStep) -> bool:
    return step.kind == Kind.DELIVER and step.status is StepStatus.SKIPPED


def _came(delivery: Delivery) -> str:
    short = (
        delivery.state.words if delivery.state is DeliveryOutcome.DEPLOYED else delivery.short or delivery.state.words
    )
    return f"{delivery.formation} {short.rstrip('.')}"


def _went(group: GroupReport) -> str:
    return f"release group of {', '.join(member.formation for member in group.members)} {group.stage.words}"


def _crowded(crowd: WorkerLoad) -> Iterator[Condition]:
    ends = "itself, when one of them ends"
    if not crowd.workers:
        yield no_worker()
    elif crowd.going >= crowd.slots:
        condition = f"a worker with room: {_runs(crowd.going)} at it"
        yield Condition(kind=Waits.ROOM, what=condition, who=f"{ends}: sealane cancel ends one")
    elif crowd.own >= crowd.share:
        condition = f"a slot of its app, which may have {crowd.share} of {crowd.slots}: {_runs(crowd.own)} at it"
        who = f"{ends}: sealane cancel ends one; operators give more with SEALANE_RUNS__PER_APP"
        yield Condition(kind=Waits.ROOM, what=condition, who=who)


def _runs(count: int) -> str:
    return "one run is" if count == 1 else f"{count} runs are"
