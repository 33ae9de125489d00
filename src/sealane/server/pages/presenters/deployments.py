"""A deployment: the verdict with its cause first, then how it came about. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from sealane.access.model import Actor
from sealane.approvals import way_out
from sealane.approvals.explanation import Condition, Explanation
from sealane.approvals.inbox import FoldedItem, InboxItem
from sealane.deployments import messages
from sealane.records.filters import ALL, Filter
from sealane.records.model import Deployment, DeploymentKind, DeploymentState
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

    `why` is the answer to why it is not there yet; of what is `pending`, only what is about this deployment is shown.
    """
    found = view.deployment
    moments = tuple(_moments(view))
    return DeploymentPage(
        id=found.id,
        app=found.app,
        formation=found.formation,
        version=version(view),
        subject=view.origin.subject if view.origin else "",
        kind=facts.how(found),
        pill=states.deployment(found),
        headline=_headline(view, why),
        explanation=_explanation(view, why),
        hint=why.hint,
        log=_log(found),
        ended=found.ended,
        duration=_duration(found, now),
        since=found.started if found.state is DeploymentState.ROLLING_OUT else None,
        moments=moments,
        milestones=milestones(moments),
        chart=rollout_chart.chart(view, now),
        instances=rollout_chart.instances(view, now),
        gates=tuple(gate_cards.cards(view.requests)),
        objects=object_rows.rows(view),
        evidence=(*evidence.pieces(view.failure_report or {}), *evidence.of_rollback(view.second_failure_report or {})),
        commits=review.commits(view),
        brings=review.brings(view),
        difference=review.difference(view),
        first=view.previous is None,
        facts=tuple(facts.listed(view)),
        hold=_hold(view, why),
        health=states.health(why.health),
        may_drift=view.is_there,
        needs=tuple(need for need in needs.listed(_about(found, pending), actor, needs.InboxContext()) if need.answers),
        actions=actions.of_deployment(view, actor),
        live=found.state is not DeploymentState.ENDED or why.health is not None,
    )


def row(found: Deployment, came: Origin | None, only: Filter = ALL) -> ListRow:
    """One line of the list of deployments that `only` filters; `came` is where its release comes from."""
    origin = [Link(words=said)] if (said := facts.how(found)) else []
    if came and came.branch:
        origin.append(Link(words=came.branch, href=lists.address("/deployments", only, branch=came.branch)))
    if came and came.author:
        origin.append(Link(words=f"by {came.author}", href=lists.address("/deployments", only, author=came.author)))
    good = found.verdict_kind is VerdictKind.DEPLOYED
    because = "" if good else found.verdict.reason if found.verdict else found.waiting_for or found.phase or ""
    return ListRow(
        pill=states.deployment(found),
        href=f"/deployments/{found.id}",
        what=f"{found.app} to {found.formation}",
        version=versions.of(found, came),
        subject=came.subject if came else "",
        facts=tuple(origin),
        because=because,
        at=found.ended or found.started or found.created,
        took=text.duration((found.ended - found.started).total_seconds()) if found.ended and found.started else "",
        since=found.started if found.state is DeploymentState.ROLLING_OUT else None,
    )


def _about(found: Deployment, pending: Sequence[InboxItem]) -> Iterator[FoldedItem]:
    """What waits on this deployment; its own hold is lifted in the page's head."""
    return (FoldedItem(newest=item) for item in pending if found.id == item.deployment.id)


def _headline(view: DeploymentView, why: Explanation) -> str:
    found = view.deployment
    if found.verdict is not None:
        return _good(found) if found.verdict.kind is VerdictKind.DEPLOYED else found.verdict.reason
    if found.waiting_for:
        return found.waiting_for[:1].upper() + found.waiting_for[1:]
    if why.waiting and why.waiting[0].kind is Waits.OPERATORS:
        return "As the operators' files are now, it will be refused."
    if view.approval.missing:
        return causes.closed(f"Waits for the approval of {', '.join(view.approval.missing)}")
    if why.waiting:
        return causes.closed(f"Waits for {why.waiting[0].what}")
    return "On its way." if found.state is DeploymentState.ROLLING_OUT else "Waits for its turn."


def _log(found: Deployment) -> str:
    cause = found.verdict.cause if found.verdict else None
    return (cause.log or "").strip() if cause else ""


def _good(found: Deployment) -> str:
    if found.kind is not DeploymentKind.ROLLBACK:
        return _GOOD
    by = f"{found.requested_by} rolled it back by hand" if found.requested_by else "It went back automatically"
    return f"{by} to revision {messages.short(found.revision_id)}. {_GOOD}"


def _explanation(view: DeploymentView, why: Explanation) -> str:
    found = view.deployment
    if found.verdict is None and why.waiting:
        above = _headline(view, why)
        told = (_condition(condition, known=causes.bare(condition.what) in above) for condition in why.waiting)
        return " ".join([causes.told(found.note or ""), *told]).strip()
    match found.verdict.kind if found.verdict else None:
        case VerdictKind.ROLLED_BACK:
            back = versions.previous(view)
            return f"{found.formation} is back on {back}, which was verified there before." if back else _NOTHING_BEFORE
        case VerdictKind.ROLLBACK_FAILED:
            return "Going back did not work either: somebody has to look at the formation now."
        case VerdictKind.FAILED:
            return _left(found)
        case VerdictKind.SUPERSEDED:
            return ""
        case _:
            until = (
                f"Until {why.watched_until:%H:%M} UTC it is rolled back automatically should it degrade"
                if why.watched_until
                else ""
            )
            said = (found.note, found.way_back, until)
            return causes.told(*(each for each in said if each))


def _hold(view: DeploymentView, why: Explanation) -> str:
    """What the hold stops, and who ends it; its reason and the command where they do not stand there already."""
    hold, verdict = view.hold, view.deployment.verdict
    if hold is None:
        return ""
    known = verdict is not None and causes.bare(verdict.reason) == causes.bare(hold.reason)
    because = "" if known else f" ({causes.bare(hold.reason)})"
    where = f"A hold keeps {hold.app} #{hold.up_to} and older out of {hold.formation}{because}"
    by_hand = "" if why.hint else f": {way_out.lifting(hold.label)}"
    return causes.told(where, f"It ends when a newer commit is deployed there, or a developer lifts it{by_hand}")


def _left(found: Deployment) -> str:
    """What is there after a failure that nothing was rolled back for."""
    if found.verdict and found.verdict.untouched:
        return "Nothing of its workloads was written: what was there before still serves."
    return "There was nothing verified to go back to, so it stays as it is for you to look at."


def _condition(condition: Condition, *, known: bool) -> str:
    """What it waits for, unless the headline says it, when that will be, and who may end it."""
    what = "" if known else condition.what
    return causes.told(
        what, f"It {condition.when}" if condition.when else "", f"Who lifts it: {causes.bare(condition.who)}"
    )


def _duration(found: Deployment, now: datetime) -> str:
    if found.started is None:
        return ""
    took = text.duration(((found.ended or now) - found.started).total_seconds())
    if found.verdict_kind is VerdictKind.ROLLED_BACK and not found.had_been_deployed:
        return f"{took} from apply to the old version serving"
    return f"took {took}" if found.ended else took


def _moments(view: DeploymentView) -> Iterator[TimelinePoint]:
    """Every moment of it, in the order in which they were."""
    found = view.deployment
    yield TimelinePoint(at=found.created, words=f"asked for by {view.approval.asked_by}", tone="ok", phase="asked")
    for entry in view.timeline:
        said = states.deployment(found).words if entry.phase == "verdict" else entry.text
        yield TimelinePoint(at=entry.at, words=said, tone=_tone(entry.phase, found), phase=entry.phase)


def milestones(moments: Sequence[TimelinePoint]) -> tuple[TimelinePoint, ...]:
    """What each phase came to: its last moment."""
    return tuple(
        moment
        for moment, following in itertools.zip_longest(moments, moments[1:])
        if following is None or following.phase != moment.phase
    )


def _tone(phase: str, found: Deployment) -> Literal["ok", "bad", "back", "none"]:
    if phase == "revert":
        return "back"
    if phase in {"watch", "failure_report", "verdict"} and _failed(found):
        return "bad"
    return "ok"


def _failed(found: Deployment) -> bool:
    return found.verdict is not None and found.verdict.kind is not VerdictKind.DEPLOYED
