"""Why not yet? What a deployment waits for or why it ended: each condition, and who or what lifts it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sealane.approvals import hold_rules, precedence, quorum, release_groups, way_out
from sealane.approvals.explanation import Condition, Explanation, no_worker
from sealane.approvals.release_groups import GroupState
from sealane.environments import windows
from sealane.environments.windows import WindowStatus
from sealane.records import eligibility
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState, GateWord, Hold, Vote
from sealane.records.eligibility import Ineligible
from sealane.records.views import FormationRow
from sealane.records.waits import Waits
from sealane.verdicts.model import Verdict, VerdictKind

_MOST_NAMED = 5
_WORDS = {
    VerdictKind.DEPLOYED: "is deployed",
    VerdictKind.ROLLED_BACK: "was rolled back",
    VerdictKind.ROLLBACK_FAILED: "failed, and so did the rollback",
    VerdictKind.FAILED: "failed",
    VerdictKind.SUPERSEDED: "was superseded",
    VerdictKind.UNPROVEN: "is not proven",
    VerdictKind.CANCELLED: "was cancelled",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentFacts:
    """What one deployment alone depends on."""

    votes: tuple[Vote, ...] = ()
    barred: Ineligible = eligibility.NOBODY
    """Who may not approve it."""
    trouble: str = ""
    """Why nobody can say who may approve it."""
    window: WindowStatus = windows.OPEN


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockerInput:
    """All that a deployment depends on; what does not matter in its state may be left out."""

    votes: tuple[Vote, ...] = ()
    barred: Ineligible = eligibility.NOBODY
    """Who may not approve it."""
    trouble: str = ""
    """Why nobody can say who may approve it."""
    holds: tuple[Hold, ...] = ()
    window: WindowStatus = windows.OPEN
    """Whether deployments may begin in its environment now."""
    after: tuple[Deployment, ...] = ()
    """The deployments that must come before it, as they are now."""
    group_state: GroupState | None = None
    """The release group it goes with."""
    others: tuple[tuple[Deployment, DeploymentFacts], ...] = ()
    """The other members of its release group, each with what it alone depends on."""
    ahead: tuple[Deployment, ...] = ()
    """Deployments of its formation that are admitted and come first."""
    going_back: tuple[Deployment, ...] = ()
    """Rollbacks of its formation that are admitted or rolling out."""
    workers: int = 1
    """How many workers are alive."""
    questions: tuple[GateWord, ...] = ()
    """Questions to people while it rolls out."""
    refused_now: str = ""
    """Why it would be refused if it began now: operators' files have changed since it was requested."""


def conditions(deployment: Deployment, inputs: BlockerInput) -> tuple[Condition, ...]:
    """What keeps the deployment from starting; empty: it may start."""
    own = DeploymentFacts(votes=inputs.votes, barred=inputs.barred, trouble=inputs.trouble, window=inputs.window)
    members = inputs.group_state.members if inputs.group_state else ()
    under_way = release_groups.departed(members)
    before_it = [*_by_itself(deployment, own, inputs.holds, under_way=under_way)]
    before_it += [
        _going_back(rollback) for rollback in inputs.going_back if precedence.comes_first(rollback, deployment)
    ]
    if inputs.group_state and not under_way:
        before_it += [_unoffered(name, deployment.run_id) for name in inputs.group_state.missing]
        for other, its in inputs.others:
            if other.state is DeploymentState.WAITING:
                before_it += _with(other, _by_itself(other, its, inputs.holds, under_way=False))
    return (*before_it, *(_after(earlier) for earlier in inputs.after if not is_done(earlier, deployment)))


def hopeless(deployment: Deployment, inputs: BlockerInput) -> str | None:
    """Why a waiting deployment will never start, or None."""
    if no := quorum.rejected(deployment, inputs.votes):
        comment = f": {no.comment}" if no.comment else ""
        return f"{no.user} rejected it{comment}"
    if inputs.group_state and (because := release_groups.failure(inputs.group_state)):
        return f"what it goes with does not: {because}"
    for earlier in inputs.after:
        if earlier.verdict and not is_done(earlier, deployment):
            return f"{earlier.formation}, which comes before it, {_WORDS[earlier.verdict.kind]}"
    return None


def deployment(subject: Deployment, inputs: BlockerInput) -> Explanation:
    """Why a deployment is not there yet, or how it ended. The conditions are empty exactly when it can go on."""
    if subject.state is DeploymentState.ENDED and subject.verdict:
        return replace(
            _said(subject, _ended(subject.verdict), _lifting(subject, inputs.holds)), hint=way_out.of(subject)
        )
    if subject.state is DeploymentState.ROLLING_OUT and subject.cancelled_by:
        return _said(subject, f"is being stopped: called off by {subject.cancelled_by}")
    if subject.state is DeploymentState.ROLLING_OUT:
        asked = tuple(_asked(subject, word) for word in inputs.questions if word.passes is None)
        return _said(subject, f"is rolling out: {_doing(subject, asked)}", asked)
    if subject.state is DeploymentState.QUEUED:
        return _queued(subject, inputs)
    unmet = (*_refused_now(subject, inputs), *conditions(subject, inputs))
    if not unmet:
        return _said(subject, "starts in a moment: every gate is open")
    more = len(unmet) - 1
    many = f", and for {more} other {'thing' if more == 1 else 'things'}" if len(unmet) > 1 else ""
    return _said(subject, f"waits for {unmet[0].what}{many}", unmet)


def _said(subject: Deployment, short: str, waiting: tuple[Condition, ...] = ()) -> Explanation:
    return Explanation(sentence=f"{_named(subject)} {short}", short=short, waiting=waiting)


def formation(row: FormationRow) -> Deployment | None:
    """The deployment of a formation that people ask about: a running one, else a waiting one, else the last."""
    return row.running or (row.waiting[-1] if row.waiting else None) or row.last


def _by_itself(
    subject: Deployment, own: DeploymentFacts, holds: Sequence[Hold], *, under_way: bool
) -> Iterator[Condition]:
    """What one deployment waits for, apart from its group and from earlier deployments."""
    if own.trouble:
        yield Condition(
            kind=Waits.APPROVAL, what=own.trouble, who="the server's operators, who fix it: sealane validate"
        )
    for lacking in quorum.missing(subject, own.votes, own.barred):
        who = f"anyone of them but {_people(own.barred.named)}" if own.barred.named else "any of them"
        yield Condition(
            kind=Waits.APPROVAL, what=f"the approval of {lacking}", who=f"{who}: sealane approve {subject.id}"
        )
    if hold := hold_rules.blocking(subject, holds):
        yield _held(subject, hold)
    if not (own.window.open or under_way or subject.glass or subject.kind in hold_rules.FREE):
        yield _shut(subject, own.window)


def _shut(subject: Deployment, window: WindowStatus) -> Condition:
    condition = f"the window of {subject.environment} to open: {window.reason}"
    who = "itself"
    if window.break_glass:
        who = f'{who}, or one of {", ".join(window.break_glass)}: sealane approve {subject.id} --break-glass "REASON"'
    return Condition(kind=Waits.WINDOW, what=condition, who=who, when=f"opens {window.when}" if window.when else None)


def _unoffered(formation: str, run: str | None) -> Condition:
    condition = f"{formation}, which goes with it, to be offered"
    return Condition(kind=Waits.RELEASE_GROUP, what=condition, who=f"itself, when its run gets there{_follow(run)}")


def _with(other: Deployment, conditions: Iterator[Condition]) -> Iterator[Condition]:
    for condition in conditions:
        yield replace(condition, what=f"{condition.what} (for {other.formation}, which goes with it)")


def is_done(earlier: Deployment, subject: Deployment) -> bool:
    """A rollback waits until the one before it ends in any way; anything else needs it to be deployed."""
    if subject.kind is DeploymentKind.ROLLBACK:
        return earlier.verdict is not None
    return earlier.verdict_kind is VerdictKind.DEPLOYED


def _doing(subject: Deployment, asked: Sequence[Condition]) -> str:
    if asked:
        return f"it waits for {asked[0].what}"
    return subject.waiting_for or "it has just begun"


def _asked(subject: Deployment, question: GateWord) -> Condition:
    condition = f"a person's word on gate {question.gate}: {question.message.rstrip('.')}"
    who = f"a developer: sealane gate {subject.label} {question.gate} --pass, or --fail"
    when = f"fails at {question.until:%Y-%m-%d %H:%M} UTC if nobody says anything"
    return Condition(kind=Waits.GATE, what=condition, who=who, when=when)


def _queued(subject: Deployment, inputs: BlockerInput) -> Explanation:
    waits = [*_refused_now(subject, inputs)]
    waits += [
        Condition(kind=Waits.TURN, what=f"{_named(ahead)} to end", who=f"itself{_follow(ahead.id)}")
        for ahead in inputs.ahead
    ]
    if not inputs.workers:
        waits.append(no_worker())
    if not waits:
        return _said(subject, "starts in a moment")
    only = f"; one deployment at a time goes to {subject.label}" if inputs.ahead and not inputs.refused_now else ""
    return _said(subject, f"waits for {waits[0].what}{only}", tuple(waits))


def _refused_now(subject: Deployment, inputs: BlockerInput) -> Iterator[Condition]:
    """It does not keep the deployment waiting: its start is refused, and that ends it."""
    if inputs.refused_now:
        who = f"the server's operators, or it will be refused; sealane cancel {subject.id} calls it off"
        yield Condition(kind=Waits.OPERATORS, what=f"the operators to allow it again: {inputs.refused_now}", who=who)


def _held(subject: Deployment, hold: Hold) -> Condition:
    condition = f"a hold on {hold.app} #{hold.up_to} and older at {hold.label}: {hold.reason}"
    newer = (
        "a newer commit that is deployed there, or " if subject.unasked or hold.formation != subject.formation else ""
    )
    return Condition(kind=Waits.HOLD, what=condition, who=f"{newer}a developer: {way_out.lifting(hold.label)}")


def _going_back(first: Deployment) -> Condition:
    return Condition(
        kind=Waits.EARLIER, what=f"{_named(first)} to be rolled back first", who=f"itself: sealane watch {first.id}"
    )


def _after(earlier: Deployment) -> Condition:
    condition = f"{earlier.label} to be deployed first"
    return Condition(kind=Waits.EARLIER, what=condition, who=f"itself{_follow(earlier.id)}")


def _follow(deployment: str | None) -> str:
    return f": sealane watch {deployment}" if deployment else ""


def _lifting(subject: Deployment, holds: Sequence[Hold]) -> tuple[Condition, ...]:
    own = [hold for hold in holds if hold.deployment_id == subject.id]
    return tuple(_held(subject, hold) for hold in own)


def _ended(verdict: Verdict) -> str:
    return f"{verdict.kind.value.replace('_', ' ')}: {verdict.reason}"


def _people(named: Sequence[str]) -> str:
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return f"{', '.join(named[:_MOST_NAMED])}{more}"


def _named(subject: Deployment) -> str:
    return f"{subject.app} #{subject.sequence} to {subject.formation}"
