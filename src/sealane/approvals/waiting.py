"""Why not yet? What a deployment or run waits for or ended by: which condition, who or what lifts it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sealane.approvals import holding, quorum
from sealane.pipelines.model import RunStatus, StepStatus
from sealane.store.model import Deployment, DeploymentState, FormationRow, Hold, RunView, Vote
from sealane.verdicts.model import VerdictKind

_WORDS = {
    VerdictKind.ROLLED_BACK: "was rolled back",
    VerdictKind.ROLLBACK_FAILED: "failed, and so did going back",
    VerdictKind.FAILED: "failed",
    VerdictKind.SUPERSEDED: "was superseded",
    VerdictKind.CANCELLED: "was cancelled",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One thing that must happen first."""

    what: str
    who: str
    """Who or what makes it happen."""
    when: str | None = None
    """When that will be, where anybody can tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """The answer: one sentence, and every condition that is open."""

    sentence: str
    waiting: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """All that a waiting deployment depends on."""

    votes: tuple[Vote, ...] = ()
    holds: tuple[Hold, ...] = ()
    release_sequence: int = 0
    after: tuple[Deployment, ...] = ()
    """The deployments it comes after, as they are now."""


def conditions(deployment: Deployment, around: Circumstances) -> tuple[Condition, ...]:
    """What keeps the deployment from starting; nothing: its gate may open."""
    found: list[Condition] = []
    for lacking in quorum.missing(deployment, around.votes):
        command = f"sealane approve {deployment.id}"
        who = f"anyone of them but {deployment.requested_by}" if deployment.requested_by else "any of them"
        found.append(Condition(what=f"the approval of {lacking}", who=f"{who}: {command}"))
    if hold := holding.blocking(deployment, around.release_sequence, around.holds):
        found.append(_held(deployment, hold))
    undone = (each for each in around.after if each.verdict_kind is not VerdictKind.DEPLOYED)
    return (*found, *(_after(earlier) for earlier in undone))


def hopeless(deployment: Deployment, around: Circumstances) -> str | None:
    """Why a waiting deployment never will start, or None."""
    if no := quorum.rejected(deployment, around.votes):
        said = f": {no.comment}" if no.comment else ""
        return f"{no.user} rejected it{said}"
    for earlier in around.after:
        if earlier.verdict and earlier.verdict.kind is not VerdictKind.DEPLOYED:
            return f"{earlier.formation}, which comes before it, {_WORDS[earlier.verdict.kind]}"
    return None


def deployment(subject: Deployment, around: Circumstances, *, ahead: Sequence[Deployment] = ()) -> Why:
    """Why a deployment is not there yet, or how it ended. `ahead` are those of its formation that come first."""
    if subject.state is DeploymentState.ENDED and subject.verdict:
        return Why(sentence=_ended(subject), waiting=_lifting(subject, around.holds))
    if subject.state is DeploymentState.ROLLING_OUT:
        return Why(sentence=f"{_named(subject)} is rolling out: {subject.waiting_for or 'it has just begun'}")
    if subject.state is DeploymentState.QUEUED:
        first = [each for each in ahead if each.state is DeploymentState.ROLLING_OUT]
        what = f"waits for {_named(first[0])} to end" if first else "waits for a worker"
        return Why(sentence=f"{_named(subject)} {what}; one deployment at a time goes to {subject.label}")
    found = conditions(subject, around)
    if not found:
        return Why(sentence=f"every gate of {_named(subject)} is open; it starts in a moment")
    more = len(found) - 1
    many = f", and for {more} other {'thing' if more == 1 else 'things'}" if len(found) > 1 else ""
    return Why(sentence=f"{_named(subject)} waits for {found[0].what}{many}", waiting=found)


def run(view: RunView) -> Why:
    """Why a run is not done yet, or how it ended."""
    subject = view.run
    if subject.status is RunStatus.WAITING:
        return Why(
            sentence=f"{subject.label} waits for a worker with room",
            waiting=(Condition(what="a worker", who="itself"),),
        )
    running = [step for step in view.steps if step.status is StepStatus.RUNNING]
    if running:
        return Why(sentence=f"{subject.label} is running {', '.join(step.name for step in running)}")
    if subject.reason:
        return Why(sentence=f"{subject.label} {subject.status}: {subject.reason}")
    bad = next((step for step in view.steps if step.status in {StepStatus.FAILED, StepStatus.BROKEN}), None)
    if bad:
        return Why(sentence=f"{subject.label} {subject.status} at {bad.name}: {bad.reason or 'no reason was given'}")
    if subject.status is RunStatus.RUNNING:
        doing = "is between two steps" if view.steps else "is being checked out and looked at"
        return Why(sentence=f"{subject.label} {doing}")
    skipped = next((step.reason for step in view.steps if step.status is StepStatus.SKIPPED and step.reason), None)
    left_out = f"; left out: {skipped}" if skipped and subject.status is RunStatus.SKIPPED else ""
    return Why(sentence=f"{subject.label} {subject.status}{left_out}")


def formation(row: FormationRow) -> Deployment | None:
    """The deployment of a formation that people ask about: what runs, else what waits, else what came last."""
    return row.running or (row.waiting[-1] if row.waiting else None) or row.last


def _held(subject: Deployment, hold: Hold) -> Condition:
    where = f"{hold.app}/{hold.formation}"
    what = f"a hold on {hold.app} #{hold.up_to} and older at {where}: {hold.reason}"
    newer = (
        "a newer commit that is deployed there, or " if subject.unasked or hold.formation != subject.formation else ""
    )
    return Condition(what=what, who=f"{newer}a developer, who lifts it on the page of {hold.deployment_id}")


def _after(earlier: Deployment) -> Condition:
    return Condition(what=f"{earlier.label} to be deployed first", who=f"itself: sealane why {earlier.id}")


def _lifting(subject: Deployment, holds: Sequence[Hold]) -> tuple[Condition, ...]:
    own = [hold for hold in holds if hold.deployment_id == subject.id]
    return tuple(_held(subject, hold) for hold in own)


def _ended(subject: Deployment) -> str:
    assert subject.verdict is not None
    kind = subject.verdict.kind.value.replace("_", " ")
    return f"{_named(subject)} {kind}: {subject.verdict.reason}"


def _named(subject: Deployment) -> str:
    return f"{subject.app} #{subject.sequence} to {subject.formation}"
