"""Things that wait for a person, for one reader: the question, and the forms to answer it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from sealane.access.model import Actor
from sealane.approvals import eligibility
from sealane.approvals.inbox import FoldedItem, InboxItem, InboxKind
from sealane.records.runs import Run
from sealane.records.views import DeploymentView
from sealane.releases.origin import Origin
from sealane.server.pages import text
from sealane.server.pages.need_views import Need, OlderRow
from sealane.server.pages.presenters import actions, review, versions
from sealane.server.pages.views import Action, Field, Link, Pill

_WHY = Field(name="reason", label="Why", hint="Why, for the record")
_MOST_AUTHORS = 3
_MOST_NAMED = 8
_PILLS = {
    InboxKind.GATE: "gate",
    InboxKind.HOLD: "held",
    InboxKind.WINDOW: "window shut",
    InboxKind.DELETIONS: "left in place",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxContext:
    """Data of the deployments that wait."""

    origins: Mapping[str, Origin] = field(default_factory=dict)
    """The origin of each one's release, by the deployment's id."""
    details: Mapping[str, DeploymentView] = field(default_factory=dict)
    """The full data of those whose changes are shown, by the deployment's id."""


def listed(items: Iterable[FoldedItem], reader: Actor, about: InboxContext) -> tuple[Need, ...]:
    """Everything that waits, with forms only if this reader may answer."""
    return tuple(_need(item, reader, about) for item in items)


def left_out(runs: Iterable[Run]) -> tuple[Need, ...]:
    """One for each app with pushes of more branches than run at once. The runs are in order, oldest first."""
    return tuple(_left_out(app, tuple(runs)) for app, runs in groupby(runs, key=lambda run: run.app))


def _left_out(app: str, runs: tuple[Run, ...]) -> Need:
    named = [_reference(run) for run in runs[:_MOST_NAMED]]
    more = f" and {len(runs) - len(named)} more" if len(runs) > len(named) else ""
    sentence = f"{text.count(len(runs), 'pushed branch', 'pushed branches')} not run: {', '.join(named)}{more}"
    return Need(
        key=f"left-out-{app}",
        pill=Pill(tone="wait", words="not run"),
        app=app,
        version="",
        formation="",
        words=f"{sentence}. Run each by hand, for example: sealane rerun {runs[0].id}",
        at=runs[-1].created,
        href=f"/runs?app={app}",
        link="See the runs",
    )


def _reference(run: Run) -> str:
    return run.event.branch or (run.event.ref or "").removeprefix("refs/") or run.label


def _need(folded: FoldedItem, reader: Actor, about: InboxContext) -> Need:
    item = folded.newest
    deployment = item.deployment
    why_not = eligibility.why_not(item, reader)
    came = about.origins.get(deployment.id)
    view = about.details.get(deployment.id) if item.kind is InboxKind.APPROVAL else None
    return Need(
        key=f"{item.kind}-{deployment.id}-{item.gate}",
        pill=_pill(item),
        app=deployment.app,
        version=versions.of(deployment, came),
        subject=came.subject if came else "",
        formation=deployment.formation,
        words=_words(item, judged=view is not None),
        at=item.since,
        otherwise=_otherwise(item.until, item.otherwise),
        href=f"/deployments/{deployment.id}",
        link="See what changes" if item.kind is InboxKind.APPROVAL else "",
        answers=() if why_not else tuple(answers(item)),
        why_not=why_not,
        facts=tuple(_facts(came, view)) if view else (),
        commits=review.commits(view) if view else (),
        difference=review.difference(view) if view else (),
        first=view is not None and view.previous is None,
        older=tuple(_older(inbox_item, about.origins.get(inbox_item.deployment.id)) for inbox_item in folded.older),
    )


def _facts(came: Origin | None, view: DeploymentView) -> Iterator[Link]:
    """First facts for a reviewer: the author, the new commits, the tests, and the build."""
    if came and came.author:
        yield Link(words=f"by {came.author}")
    yield Link(words=review.brings(view))
    yield Link(words=view.tests.words if view.tests else "no test reports")
    if came:
        yield Link(words=f"built by {came.label}", href=came.page)


def _older(item: InboxItem, came: Origin | None) -> OlderRow:
    return OlderRow(
        version=versions.of(item.deployment, came),
        subject=came.subject if came else "",
        href=f"/deployments/{item.deployment.id}",
        at=item.since,
    )


def _pill(item: InboxItem) -> Pill:
    if item.kind is InboxKind.APPROVAL:
        given = len(item.given)
        return Pill(tone="wait", words=f"approval, {given} given" if given else "approval")
    return Pill(tone="wait", words=_PILLS[item.kind])


def _words(item: InboxItem, *, judged: bool) -> str:
    """The question; on its review page, the authors are listed separately."""
    if item.kind is not InboxKind.APPROVAL:
        return item.asks
    given = f" · given by {', '.join(item.given)}" if item.given else ""
    written = "" if judged or not item.written else f" · written by {', '.join(item.written[:_MOST_AUTHORS])}"
    return f"{item.asks} · asked by {item.asked_by}{written}{given}"


def _otherwise(until: datetime | None, consequence: str) -> str:
    """What happens without an answer, and when."""
    return f"Without a word {consequence} on {until:%Y-%m-%d at %H:%M} UTC." if until else ""


def answers(item: InboxItem) -> Iterator[Action]:
    """A person's possible answers to one thing that waits."""
    subject, formation = item.subject, item.deployment.formation
    match item.kind:
        case InboxKind.APPROVAL:
            yield Action(
                action=f"/approvals/{subject}",
                words="Approve",
                asks=f"Your yes counts for {formation}: it goes there as soon as nothing else holds it up.",
                yes="Approve it",
                first=True,
            )
            yield Action(
                action=f"/approvals/{subject}/decline",
                words="Decline",
                asks=f"It is cancelled, whoever else said yes; what is in {formation} stays.",
                yes="Decline it",
            )
        case InboxKind.GATE:
            gate = f"/deployments/{subject}/gates/{item.gate}"
            on = f"The rollout to {formation} goes on as if gate {item.gate} had passed."
            back = f"The rollout to {formation} fails, and is rolled back to what was verified before."
            yield Action(
                action=gate, value="pass", words="Let it pass", asks=on, yes="Let the gate pass", field=_WHY, first=True
            )
            yield Action(action=gate, value="fail", words="Let it fail", asks=back, yes="Let the gate fail", field=_WHY)
        case InboxKind.HOLD:
            yield actions.lifting(subject, item.held_at)
        case InboxKind.WINDOW:
            yield Action(
                action=f"/deployments/{subject}/break-glass",
                words="Break the glass",
                asks=f"It goes to {formation} although the window is shut. Your reason stands beside it and in the audit.",
                yes="Break the glass",
                field=Field(name="reason", label="Why", hint="Why it can't wait", required=True),
            )
        case InboxKind.DELETIONS:
            label = item.deployment.label
            yield Action(
                action=f"/deployments/{subject}/delete",
                words="Delete them",
                asks="What was left in place is deleted for good, with the data that it holds.",
                yes="Delete them",
                field=Field(name="typed", label=f"Type {label} to delete them", hint=f"Type {label}", required=True),
            )
