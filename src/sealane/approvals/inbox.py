"""The inbox: what waits for a person, the question, and who may answer. Pure: knows nothing about the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sealane.approvals import hold_rules, quorum, way_out
from sealane.environments.windows import WindowStatus
from sealane.records import eligibility
from sealane.records.deployments import Deployment, DeploymentState, GateWord, Hold
from sealane.records.eligibility import Ineligible
from sealane.records.views import ApprovalView


class InboxKind(StrEnum):
    """What is asked."""

    GATE = "gate"  # whether an inconclusive gate passes
    APPROVAL = "approval"  # approval of a revision
    HOLD = "hold"  # whether a held release may be deployed
    WINDOW = "window"  # whether it may begin although its window is shut
    DELETIONS = "deletions"  # whether more than the budget may be deleted


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxItem:
    """One thing that waits for a person."""

    kind: InboxKind
    deployment: Deployment
    """The deployment that waits; for deletions, the one that left the objects in place."""
    asks: str
    """The question, in words."""
    since: datetime
    answer: str
    """The command that answers."""
    who: tuple[str, ...] = ()
    """Groups whose members may answer; empty: everybody who may deploy."""
    until: datetime | None = None
    """When it is decided without an answer, where that is known."""
    otherwise: str = ""
    """What happens then."""
    gate: str = ""
    """For a gate, its name."""
    held_at: str = ""
    """For a hold, the formation that it is on."""
    given: tuple[str, ...] = ()
    """For an approval, who has said yes."""
    asked_by: str = ""
    """For an approval, who asked or pushed, in words."""
    written: tuple[str, ...] = ()
    """For an approval, whom its commits name as authors."""
    barred: Ineligible = eligibility.NOBODY
    """For an approval, who may not give it."""
    subject: str
    """The deployment that the answer is about: for a hold the failed one that holds it, otherwise the waiting one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoldedItem:
    """One item, with the older items of the same kind that it stands for."""

    newest: InboxItem
    older: tuple[InboxItem, ...] = ()
    """For an approval, those of the same formation that come before it; they are superseded once it begins."""


def folded(items: Iterable[InboxItem]) -> tuple[FoldedItem, ...]:
    """The items as people read them: gates first, since they expire; then approvals, one a formation; then the rest."""
    listed = tuple(items)
    approvals: dict[str, list[InboxItem]] = {}
    for item in sorted(
        (inbox_item for inbox_item in listed if inbox_item.kind is InboxKind.APPROVAL), key=_age, reverse=True
    ):
        approvals.setdefault(item.deployment.label, []).append(item)
    asked = [FoldedItem(newest=inbox_item) for inbox_item in listed if inbox_item.kind is InboxKind.GATE]
    wanted = [FoldedItem(newest=inbox_items[0], older=tuple(inbox_items[1:])) for inbox_items in approvals.values()]
    rest = [
        FoldedItem(newest=inbox_item)
        for inbox_item in listed
        if inbox_item.kind not in {InboxKind.GATE, InboxKind.APPROVAL}
    ]
    return (*asked, *wanted, *rest)


def _age(item: InboxItem) -> tuple[int, datetime]:
    return item.deployment.sequence, item.since


def approval(view: ApprovalView, refused_now: str = "") -> InboxItem:
    """The item of a deployment that needs approvals; only groups of unmet rules count.

    `refused_now` is why it would be refused all the same.
    """
    deployment = view.deployment
    lacking = (rule for rule in deployment.rules if quorum.lacking(rule, deployment, view.votes, view.barred))
    more = f"; as the files are now it would be refused: {refused_now}" if refused_now else ""
    return InboxItem(
        kind=InboxKind.APPROVAL,
        deployment=deployment,
        asks=f"wants {', '.join(view.missing)}{more}",
        since=deployment.created,
        who=tuple(sorted({group for rule in lacking for group in rule.by})),
        answer=f"sealane approve {deployment.id}",
        given=tuple(dict.fromkeys(_given(deployment, view))),
        asked_by=view.asked_by,
        written=view.written,
        barred=view.barred,
        subject=deployment.id,
    )


def _given(deployment: Deployment, view: ApprovalView) -> Iterator[str]:
    """Who has approved it so far."""
    for vote in view.votes:
        if any(vote.user in quorum.counting(rule, deployment, view.votes, view.barred) for rule in deployment.rules):
            yield vote.user


def question(deployment: Deployment, asked: GateWord) -> InboxItem:
    """The item of an inconclusive gate."""
    return InboxItem(
        kind=InboxKind.GATE,
        deployment=deployment,
        asks=f"gate {asked.gate} is inconclusive: {asked.message.rstrip('.')}",
        since=asked.asked,
        answer=f"sealane gate {deployment.label} {asked.gate} --pass, or --fail",
        until=asked.until,
        otherwise="the gate has failed",
        gate=asked.gate,
        subject=deployment.id,
    )


def shut(deployment: Deployment, window: WindowStatus) -> InboxItem | None:
    """The item of a deployment before a shut window, if operators say who may break the glass; otherwise None."""
    closed = not (window.open or deployment.glass or deployment.kind in hold_rules.FREE)
    if not closed or not window.break_glass or deployment.state is not DeploymentState.WAITING:
        return None
    return InboxItem(
        kind=InboxKind.WINDOW,
        deployment=deployment,
        asks=f"the window of {deployment.environment} is shut: {window.reason}",
        since=deployment.created,
        who=window.break_glass,
        answer=f'sealane approve {deployment.id} --break-glass "REASON"',
        until=window.changes,
        otherwise="it opens by itself",
        subject=deployment.id,
    )


def held(waiting: Iterable[Deployment], holds: Sequence[Hold]) -> Iterator[InboxItem]:
    """Holds that stop waiting deployments, each with the newest of them."""
    stopped: dict[str, tuple[Hold, Deployment]] = {}
    for deployment in waiting:
        if hold := hold_rules.blocking(deployment, holds):
            stopped[hold.id] = hold, deployment
    for hold, deployment in stopped.values():
        yield InboxItem(
            kind=InboxKind.HOLD,
            deployment=deployment,
            asks=f"{hold.app} #{hold.up_to} and older are held at {hold.formation}: {hold.reason.rstrip('.')}",
            since=hold.created,
            answer=way_out.lifting(hold.label),
            held_at=hold.formation,
            subject=hold.deployment_id,
        )


def undeleted(deployment: Deployment) -> InboxItem | None:
    """The item of a deployment that left objects in place beyond the delete budget; otherwise None."""
    if deployment.verdict is None or not deployment.verdict.unconfirmed:
        return None
    return InboxItem(
        kind=InboxKind.DELETIONS,
        deployment=deployment,
        asks=deployment.note or "",
        since=deployment.ended or deployment.created,
        answer=f"sealane deploy {deployment.label} --yes",
        subject=deployment.id,
    )
