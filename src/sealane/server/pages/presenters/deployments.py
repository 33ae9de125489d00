"""A deployment: the verdict with its cause first, then its history. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from sealane.access.model import Actor
from sealane.approvals import way_out
from sealane.approvals.explanation import Condition, Explanation
from sealane.approvals.inbox import FoldedItem, InboxItem
from sealane.deployments import messages
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.records.filters import ALL, Filter
from sealane.records.views import DeploymentView
from sealane.records.waits import Waits
from sealane.releases.origin import Origin
from sealane.server.pages import text
from sealane.server.pages.deployment_views import DeploymentPage, TimelinePoint
from sealane.server.pages.list_views import ListRow
from sealane.server.pages.presenters import (
    actions,
    evidence,
    facts,
    gate_cards,
    group_cards,
    lists,
    needs,
    object_rows,
    review,
    rollout_chart,
    states,
    versions,
)
from sealane.server.pages.views import Link
from sealane.verdicts.messages import causes
from sealane.verdicts.model import VerdictKind

_NOTHING_BEFORE = "What it had written was taken away: nothing had been verified there before."
_LEFT = frozenset({VerdictKind.SUPERSEDED, VerdictKind.CANCELLED})
"""It was never deployed, and nothing is wrong with it."""
_GOOD = "Everything of this revision is there, ready, and stayed ready."


def version(view: DeploymentView) -> str:
    """The short commit of the release, else the revision's hash."""
    return (
        view.release.commit[:7] if view.release and view.release.commit else messages.short(view.deployment.revision_id)
    )


def deployment(
    view: DeploymentView, actor: Actor, *, now: datetime, why: Explanation, pending: Sequence[InboxItem]
) -> DeploymentPage:
    """The page of one deployment for one reader.

    `why` explains why it is not deployed yet; from `pending`, only its own items are shown.
    """
    deployment = view.deployment
    moments = tuple(_moments(view))
    return DeploymentPage(
        id=deployment.id,
        app=deployment.app,
        formation=deployment.formation,
        version=version(view),
        subject=view.origin.subject if view.origin else "",
        kind=facts.how(deployment),
        pill=states.deployment(deployment),
        headline=_headline(view, why),
        explanation=_explanation(view, why),
        hint=why.hint,
        log=_log(deployment),
        ended=deployment.ended,
        duration=_duration(deployment, now),
        since=deployment.started if deployment.state is DeploymentState.ROLLING_OUT else None,
        moments=moments,
        milestones=milestones(moments),
        chart=rollout_chart.chart(view, now),
        instances=rollout_chart.instances(view, now),
        gates=tuple(gate_cards.cards(view.requests)),
        objects=object_rows.rows(view, why.health),
        evidence=(*evidence.pieces(view.failure_report or {}), *evidence.of_rollback(view.second_failure_report or {})),
        commits=review.commits(view),
        brings=review.brings(view),
        difference=review.difference(view),
        first=view.previous is None,
        facts=tuple(facts.listed(view)),
        hold=_hold(view, why),
        health=states.health(why.health),
        may_drift=view.is_there,
        needs=tuple(
            need for need in needs.listed(_about(deployment, pending), actor, needs.InboxContext()) if need.answers
        ),
        actions=actions.of_deployment(view, actor),
        groups=tuple(group_cards.card(group, deployment.id) for group in view.groups),
        live=deployment.state is not DeploymentState.ENDED
        or why.health is not None
        or any(group.stage in group_cards.OPEN for group in view.groups),
        follows=next((f"run/{group.run}" for group in view.groups), f"deployment/{deployment.id}"),
    )


def row(deployment: Deployment, came: Origin | None, only: Filter = ALL) -> ListRow:
    """One line of the list of deployments, filtered by `only`; `came` is its release's origin."""
    origin = [Link(words=reason)] if (reason := facts.how(deployment)) else []
    if came and came.branch:
        origin.append(Link(words=came.branch, href=lists.address("/deployments", only, branch=came.branch)))
    if came and came.author:
        origin.append(Link(words=f"by {came.author}", href=lists.address("/deployments", only, author=came.author)))
    good = deployment.verdict_kind is VerdictKind.DEPLOYED
    because = (
        ""
        if good
        else deployment.verdict.reason
        if deployment.verdict
        else deployment.waiting_for or deployment.phase or ""
    )
    return ListRow(
        key=deployment.id,
        pill=states.deployment(deployment),
        href=f"/deployments/{deployment.id}",
        what=f"{deployment.app} to {deployment.formation}",
        version=versions.of(deployment, came),
        subject=came.subject if came else "",
        facts=tuple(origin),
        because=because,
        at=deployment.ended or deployment.started or deployment.created,
        took=text.duration((deployment.ended - deployment.started).total_seconds())
        if deployment.ended and deployment.started
        else "",
        since=deployment.started if deployment.state is DeploymentState.ROLLING_OUT else None,
    )


def _about(deployment: Deployment, pending: Sequence[InboxItem]) -> Iterator[FoldedItem]:
    """Its own waiting items; its hold is lifted in the page's head instead."""
    return (FoldedItem(newest=item) for item in pending if deployment.id == item.deployment.id)


def _headline(view: DeploymentView, why: Explanation) -> str:
    deployment = view.deployment
    if deployment.verdict is not None:
        return _good(deployment) if deployment.verdict.kind is VerdictKind.DEPLOYED else deployment.verdict.reason
    if deployment.waiting_for:
        return deployment.waiting_for[:1].upper() + deployment.waiting_for[1:]
    if why.waiting and why.waiting[0].kind is Waits.OPERATORS:
        return "As the operators' files are now, it will be refused."
    if view.approval.missing:
        return causes.closed(f"Waits for the approval of {', '.join(view.approval.missing)}")
    if why.waiting:
        return causes.closed(f"Waits for {why.waiting[0].what}")
    return "On its way." if deployment.state is DeploymentState.ROLLING_OUT else "Waits for its turn."


def _log(deployment: Deployment) -> str:
    cause = deployment.verdict.cause if deployment.verdict else None
    return (cause.log or "").strip() if cause else ""


def _good(deployment: Deployment) -> str:
    if deployment.kind is not DeploymentKind.ROLLBACK:
        return _GOOD
    by = (
        f"{deployment.requested_by} rolled it back by hand"
        if deployment.requested_by
        else "It was rolled back automatically"
    )
    return f"{by} to revision {messages.short(deployment.revision_id)}. {_GOOD}"


def _explanation(view: DeploymentView, why: Explanation) -> str:
    deployment = view.deployment
    if deployment.verdict is None and why.waiting:
        above = _headline(view, why)
        conditions = (_condition(condition, known=causes.bare(condition.what) in above) for condition in why.waiting)
        return " ".join([causes.sentences(deployment.note or ""), *conditions]).strip()
    match deployment.verdict.kind if deployment.verdict else None:
        case VerdictKind.ROLLED_BACK:
            back = versions.previous(view)
            return (
                f"{deployment.formation} is back on {back}, which was verified there before."
                if back
                else _NOTHING_BEFORE
            )
        case VerdictKind.ROLLBACK_FAILED:
            return "The rollback failed, too: somebody has to look at the formation now."
        case VerdictKind.FAILED:
            return _left(deployment)
        case VerdictKind.SUPERSEDED | VerdictKind.UNPROVEN:
            return ""
        case _:
            until = (
                f"Until {why.watched_until:%H:%M} UTC it is rolled back automatically should it degrade"
                if why.watched_until
                else ""
            )
            remarks = (deployment.note, deployment.way_back, until)
            return causes.sentences(*(sentence for sentence in remarks if sentence))


def _hold(view: DeploymentView, why: Explanation) -> str:
    """What the hold stops, and who ends it; with its reason and the command unless the page shows them already."""
    hold, verdict = view.hold, view.deployment.verdict
    if hold is None:
        return ""
    known = verdict is not None and causes.bare(verdict.reason) == causes.bare(hold.reason)
    because = "" if known else f" ({causes.bare(hold.reason)})"
    where = f"A hold keeps {hold.app} #{hold.up_to} and older out of {hold.formation}{because}"
    by_hand = "" if why.hint else f": {way_out.lifting(hold.label)}"
    return causes.sentences(where, f"It ends when a newer commit is deployed there, or a developer lifts it{by_hand}")


def _left(deployment: Deployment) -> str:
    """The state after a failure without a rollback."""
    if deployment.verdict and deployment.verdict.untouched:
        return "Nothing of its workloads was written: what was there before still serves."
    return "There was no verified revision to roll back to, so it stays as it is for you to look at."


def _condition(condition: Condition, *, known: bool) -> str:
    """The thing it waits for, unless the headline names it, when that will be, and who may end the wait."""
    shown = "" if known else condition.what
    return causes.sentences(
        shown, f"It {condition.when}" if condition.when else "", f"Who lifts it: {causes.bare(condition.who)}"
    )


def _duration(deployment: Deployment, now: datetime) -> str:
    if deployment.started is None:
        return ""
    took = text.duration(((deployment.ended or now) - deployment.started).total_seconds())
    if deployment.verdict_kind is VerdictKind.ROLLED_BACK and not deployment.had_been_deployed:
        return f"{took} from apply to the old version serving"
    return f"took {took}" if deployment.ended else took


def _moments(view: DeploymentView) -> Iterator[TimelinePoint]:
    """All its moments, in order."""
    deployment = view.deployment
    yield TimelinePoint(at=deployment.created, words=f"asked for by {view.approval.asked_by}", tone="ok", phase="asked")
    for entry in view.timeline:
        words = states.deployment(deployment).words if entry.phase == "verdict" else entry.text
        yield TimelinePoint(at=entry.at, words=words, tone=_tone(entry.phase, deployment), phase=entry.phase)


def milestones(moments: Sequence[TimelinePoint]) -> tuple[TimelinePoint, ...]:
    """The result of each phase: its last moment. That of a rollback is about the old version, and says so."""
    return tuple(
        replace(moment, words=f"rollback: {moment.words}") if moment.phase == "revert" else moment
        for moment, following in itertools.zip_longest(moments, moments[1:])
        if following is None or following.phase != moment.phase
    )


def _tone(phase: str, deployment: Deployment) -> Literal["ok", "bad", "back", "none"]:
    if phase == "revert":
        return "back"
    if phase == "verdict" and deployment.verdict_kind in _LEFT:
        return "none"
    if phase in {"watch", "failure_report", "verdict"} and _failed(deployment):
        return "bad"
    return "ok"


def _failed(deployment: Deployment) -> bool:
    return deployment.verdict is not None and deployment.verdict.kind is not VerdictKind.DEPLOYED
