"""A deployment: the verdict with its cause first, then how it came about. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from sealane.access.model import Actor
from sealane.approvals.pending import Pending
from sealane.approvals.waiting import Condition, Why
from sealane.releases import changes
from sealane.rollouts import saying
from sealane.server.ui import words
from sealane.server.ui.presenting import actions, evidence, needs, states, versions
from sealane.server.ui.views import DeploymentPage, ListRow, Moment, ObjectRow, Pill
from sealane.store.model import Deployment, DeploymentState, Hold
from sealane.store.view_model import DeploymentView
from sealane.verdicts import sentences
from sealane.verdicts.model import VerdictKind

_MOST_AUTHORS = 6
_GOOD = "Everything of this revision is there, ready, and stayed ready."


def version(view: DeploymentView) -> str:
    """The short commit of the release, else the revision's hash."""
    return (
        view.release.commit[:7] if view.release and view.release.commit else saying.short(view.deployment.revision_id)
    )


def deployment(
    view: DeploymentView, actor: Actor, *, now: datetime, why: Why, pending: Sequence[Pending]
) -> DeploymentPage:
    """The page of one deployment for one reader.

    `why` is the answer to why it is not there yet; of what is `pending`, only what is about this deployment is shown.
    """
    found = view.deployment
    verdict = found.verdict
    may = bool(actor.groups & {"administrators", "developers"})
    moments = tuple(_moments(view))
    ended_well = verdict is not None and verdict.kind is VerdictKind.DEPLOYED
    return DeploymentPage(
        id=found.id,
        app=found.app,
        formation=found.formation,
        version=version(view),
        pill=states.deployment(found),
        headline=_headline(view, why),
        explanation=_explanation(view, why),
        mend=why.mend,
        ended=found.ended,
        duration=_duration(found, now),
        moments=moments,
        milestones=milestones(moments),
        objects=tuple(_objects(view)),
        evidence=evidence.pieces(view.dossier or {}),
        difference=difference(view),
        facts=tuple(_facts(view)),
        can_roll_back=saying.short(view.previous.id) if may and ended_well and view.previous else "",
        hold=_hold(view.hold) if view.hold else "",
        may_drift=view.is_there,
        needs=tuple(each for each in needs.listed(_about(found, pending), actor, {}) if each.answers),
        actions=actions.of_deployment(view, actor),
        live=found.state is not DeploymentState.ENDED,
    )


def row(found: Deployment, commits: Mapping[str, str]) -> ListRow:
    """One line of the list of deployments."""
    said = found.verdict.reason if found.verdict else found.waiting_for or found.phase or ""
    return ListRow(
        pill=states.deployment(found),
        href=f"/deployments/{found.id}",
        what=f"{found.app} to {found.formation}",
        version=versions.named(found, commits),
        words=said,
        at=found.ended or found.started or found.created,
    )


def _about(found: Deployment, pending: Sequence[Pending]) -> Iterator[Pending]:
    """What waits on this deployment; its own hold is lifted in the page's head."""
    return (each for each in pending if found.id == each.deployment.id)


def difference(view: DeploymentView) -> tuple[str, ...]:
    """What the manifests differ in from what was there, line by line; nothing for a first deployment."""
    if view.previous is None or view.previous.id == view.revision.id:
        return ()
    lines: list[str] = []
    for change in changes.between(view.previous, view.revision).objects:
        lines.append(f"@@ {change.kind}/{change.name} {change.action}")
        lines.extend(change.lines)
    return tuple(lines)


def _headline(view: DeploymentView, why: Why) -> str:
    found = view.deployment
    if found.verdict is not None:
        return _GOOD if found.verdict.kind is VerdictKind.DEPLOYED else found.verdict.reason
    if found.waiting_for:
        return found.waiting_for[:1].upper() + found.waiting_for[1:]
    if view.approval.missing:
        return sentences.closed(f"Waits for {', '.join(view.approval.missing)}")
    if why.waiting:
        return sentences.closed(f"Waits for {why.waiting[0].what}")
    return "On its way." if found.state is DeploymentState.ROLLING_OUT else "Waits for its turn."


def _explanation(view: DeploymentView, why: Why) -> str:
    found = view.deployment
    if found.verdict is None and why.waiting:
        return " ".join([sentences.told(found.note or ""), *(_condition(each) for each in why.waiting)]).strip()
    match found.verdict.kind if found.verdict else None:
        case VerdictKind.ROLLED_BACK:
            back = (
                f"The formation is back on {saying.short(view.previous.id)}" if view.previous else "It was taken back"
            )
            return f"{back}, the last revision that was verified there."
        case VerdictKind.ROLLBACK_FAILED:
            return "Going back did not work either: somebody has to look at the formation now."
        case VerdictKind.FAILED:
            return _left(found)
        case VerdictKind.SUPERSEDED:
            return ""
        case _:
            said = (found.note, found.way_back)
            return sentences.told(*(each for each in said if each))


def _hold(found: Hold) -> str:
    where = f"{found.app} #{found.up_to} and everything older is held at {found.formation}: {found.reason}"
    return sentences.told(where, "A newer commit that is deployed there lifts it, or a developer")


def _left(found: Deployment) -> str:
    """What is there after a failure that nothing was taken back for."""
    if found.verdict and found.verdict.untouched:
        return "Nothing of its workloads was written: what was there before still serves."
    return "There was nothing verified to go back to, so it stays as it is for you to look at."


def _condition(each: Condition) -> str:
    when = f", {each.when}" if each.when else ""
    return sentences.told(f"{sentences.bare(each.what)}{when}", f"Who lifts it: {sentences.bare(each.who)}")


def _duration(found: Deployment, now: datetime) -> str:
    if found.started is None:
        return ""
    took = words.duration(((found.ended or now) - found.started).total_seconds())
    if found.verdict and found.verdict.kind is VerdictKind.ROLLED_BACK:
        return f"{took} from apply to the old version serving"
    return f"took {took}" if found.ended else f"for {took}"


def _moments(view: DeploymentView) -> Iterator[Moment]:
    """Every moment of it, in the order in which they were."""
    found = view.deployment
    yield Moment(at=found.created, words=f"asked for by {view.approval.asked_by}", tone="ok", phase="asked")
    for entry in view.timeline:
        said = states.deployment(found).words if entry.phase == "verdict" else entry.text
        yield Moment(at=entry.at, words=said, tone=_tone(entry.phase, found), phase=entry.phase)


def milestones(moments: Sequence[Moment]) -> tuple[Moment, ...]:
    """What each phase came to: its last moment."""
    return tuple(
        moment
        for moment, following in itertools.zip_longest(moments, moments[1:])
        if following is None or following.phase != moment.phase
    )


def _tone(phase: str, found: Deployment) -> Literal["ok", "bad", "back", "none"]:
    if phase == "revert":
        return "back"
    if phase in {"watch", "dossier", "verdict"} and _failed(found):
        return "bad"
    return "ok"


def _failed(found: Deployment) -> bool:
    return found.verdict is not None and found.verdict.kind is not VerdictKind.DEPLOYED


def _objects(view: DeploymentView) -> Iterator[ObjectRow]:
    """What the revision consists of; the blamed object stands out."""
    verdict = view.deployment.verdict
    cause = verdict.cause if verdict else None
    tone = states.deployment(view.deployment)
    for rendered in view.revision.objects:
        kind, name = rendered.object.get("kind", ""), rendered.object.get("metadata", {}).get("name", "")
        blamed = cause is not None and cause.workload == f"{kind}/{name}"
        replicas = rendered.object.get("spec", {}).get("replicas")
        note = words.count(replicas, "instance") if isinstance(replicas, int) else ""
        pill = Pill(tone="bad", words="failed") if blamed else Pill(tone="off", words="taken back")
        if cause is None or (not blamed and verdict and verdict.kind is VerdictKind.DEPLOYED):
            pill = Pill(tone=tone.tone, words="there" if tone.tone == "ok" else tone.words)
        yield ObjectRow(name=str(name), kind=str(kind), pill=pill, note=note)


def _facts(view: DeploymentView) -> Iterator[tuple[str, str]]:
    found = view.deployment
    yield "App", found.app
    yield "Formation", f"{found.formation} ({found.environment})"
    yield "Destination", f"{found.destination}, namespace {found.namespace}"
    yield "Revision", saying.short(found.revision_id)
    if view.release:
        yield "Deploy tag", view.release.deploy_tag
        for name, image in view.release.images.items():
            yield f"Image {name}", image.reference
    yield "Asked by", view.approval.asked_by
    if written := view.approval.written:
        more = f" and {len(written) - _MOST_AUTHORS} more" if len(written) > _MOST_AUTHORS else ""
        yield "Written by", f"{', '.join(written[:_MOST_AUTHORS])}{more}"
    if given := [vote.user for vote in view.approval.votes if vote.approves]:
        yield "Approved by", ", ".join(given)
    if found.glass:
        yield "Glass broken by", f"{found.glass.by}: {found.glass.reason}"
    if view.convoy:
        yield "Goes with", ", ".join(name for name in view.convoy.formations if name != found.formation)
        if view.convoy.outcome:
            yield "Came of it", view.convoy.outcome
    yield "Number", f"{found.app} #{found.sequence}"
