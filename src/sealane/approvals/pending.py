"""Pending: what waits for a person's word, what is asked, and whose word counts. Pure: knows nothing about the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sealane.approvals import authorship, holding, quorum, way_out
from sealane.approvals.authorship import Barred
from sealane.approvals.windows import Outlook
from sealane.destinations import pruning
from sealane.store.model import Deployment, DeploymentState, GateWord, Hold
from sealane.store.view_model import ApprovalView
from sealane.verdicts.model import VerdictKind


class Kind(StrEnum):
    """What is asked."""

    GATE = "gate"  # how to take a gate that can't tell
    APPROVAL = "approval"  # a yes to a revision
    HOLD = "hold"  # whether what a failure holds up may go out
    WINDOW = "window"  # whether it may begin though its window is shut
    DELETIONS = "deletions"  # whether more than the budget may be deleted


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """One thing that waits for a person."""

    kind: Kind
    deployment: Deployment
    """What waits; for deletions, what left the objects in place."""
    asks: str
    """What it lacks, in words."""
    since: datetime
    answer: str
    """The command that answers."""
    who: tuple[str, ...] = ()
    """Groups whose people's word counts, any of them; empty: of everybody who may deploy."""
    until: datetime | None = None
    """When it is decided without anybody's word, where anybody can tell."""
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
    barred: Barred = authorship.NOBODY
    """For an approval, whose yes does not count."""
    subject: str
    """The deployment that is answered about: for a hold the one whose failure holds it, otherwise the one that waits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Folded:
    """One thing that waits, with older ones of the same kind that it stands for."""

    newest: Pending
    older: tuple[Pending, ...] = ()
    """For an approval, those of the same formation that come before it; they are superseded once it begins."""


def folded(found: Iterable[Pending]) -> tuple[Folded, ...]:
    """As people read it: gates first, which run out; then approvals, the newest first, one a formation; then the rest."""
    listed = tuple(found)
    approvals: dict[str, list[Pending]] = {}
    for each in sorted((each for each in listed if each.kind is Kind.APPROVAL), key=_age, reverse=True):
        approvals.setdefault(each.deployment.label, []).append(each)
    asked = [Folded(newest=each) for each in listed if each.kind is Kind.GATE]
    wanted = [Folded(newest=each[0], older=tuple(each[1:])) for each in approvals.values()]
    rest = [Folded(newest=each) for each in listed if each.kind not in {Kind.GATE, Kind.APPROVAL}]
    return (*asked, *wanted, *rest)


def _age(found: Pending) -> tuple[int, datetime]:
    return found.deployment.sequence, found.since


def approval(view: ApprovalView, refused_now: str = "") -> Pending:
    """A deployment that wants people's yes; only groups of rules that are not met yet still count.

    `refused_now` is why it would be refused all the same.
    """
    found = view.deployment
    lacking = (rule for rule in found.rules if quorum.lacking(rule, found, view.votes, view.barred))
    more = f"; as the files are now it would be refused: {refused_now}" if refused_now else ""
    return Pending(
        kind=Kind.APPROVAL,
        deployment=found,
        asks=f"wants {', '.join(view.missing)}{more}",
        since=found.created,
        who=tuple(sorted({group for rule in lacking for group in rule.by})),
        answer=f"sealane approve {found.id}",
        given=tuple(dict.fromkeys(_given(found, view))),
        asked_by=view.asked_by,
        written=view.written,
        barred=view.barred,
        subject=found.id,
    )


def _given(found: Deployment, view: ApprovalView) -> Iterator[str]:
    """Whose yes counts now."""
    for vote in view.votes:
        if any(vote.user in quorum.counting(rule, found, view.votes, view.barred) for rule in found.rules):
            yield vote.user


def question(found: Deployment, asked: GateWord) -> Pending:
    """A gate that can't tell."""
    return Pending(
        kind=Kind.GATE,
        deployment=found,
        asks=f"gate {asked.gate} can't tell: {asked.says.rstrip('.')}",
        since=asked.asked,
        answer=f"sealane gate {found.label} {asked.gate} --pass, or --fail",
        until=asked.until,
        otherwise="the gate has failed",
        gate=asked.gate,
        subject=found.id,
    )


def shut(found: Deployment, window: Outlook) -> Pending | None:
    """A deployment before a shut window, where operators name somebody who may break the glass; otherwise None."""
    closed = not (window.open or found.glass or found.kind in holding.FREE)
    if not closed or not window.break_glass or found.state is not DeploymentState.WAITING:
        return None
    return Pending(
        kind=Kind.WINDOW,
        deployment=found,
        asks=f"the window of {found.environment} is shut: {window.reason}",
        since=found.created,
        who=window.break_glass,
        answer=f'sealane approve {found.id} --break-glass "REASON"',
        until=window.changes,
        otherwise="it opens by itself",
        subject=found.id,
    )


def held(waiting: Iterable[Deployment], holds: Sequence[Hold]) -> Iterator[Pending]:
    """Holds that stop something that waits, each with the newest of it."""
    stopped: dict[str, tuple[Hold, Deployment]] = {}
    for found in waiting:
        if hold := holding.blocking(found, holds):
            stopped[hold.id] = hold, found
    for hold, found in stopped.values():
        yield Pending(
            kind=Kind.HOLD,
            deployment=found,
            asks=f"{hold.app} #{hold.up_to} and older are held at {hold.formation}: {hold.reason.rstrip('.')}",
            since=hold.created,
            answer=way_out.lifting(hold.label),
            held_at=hold.formation,
            subject=hold.deployment_id,
        )


def undeleted(found: Deployment) -> Pending | None:
    """A deployment that is there and left more objects in place than the budget lets it delete; otherwise None."""
    if found.verdict_kind is not VerdictKind.DEPLOYED or not pruning.over_budget(found.note or ""):
        return None
    return Pending(
        kind=Kind.DELETIONS,
        deployment=found,
        asks=found.note or "",
        since=found.ended or found.created,
        answer=f"sealane deploy {found.label} --yes",
        subject=found.id,
    )
