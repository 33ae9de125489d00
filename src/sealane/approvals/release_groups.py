"""Release groups: several formations that get a release together or not at all. Pure: is given each member's progress.

Members deploy one after the other, or side by side, whatever the kinds of their destinations. When one fails, those
already deployed are rolled back in reverse order, each to what was verified there before; a member marked to be kept
stays. Nothing is rolled back where something newer came meanwhile, where nothing was there before, or where nothing had
changed. Where only what was planned can be applied, a rollback is a plan that people approve: those before it in the
order wait for that; one for the failed member itself keeps nobody waiting, as without it nothing would be undone there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sealane.records.deployments import Deployment
from sealane.records.release_groups import ReleaseGroupRow, Stays
from sealane.verdicts.model import VerdictKind

FAILING = {
    VerdictKind.FAILED,
    VerdictKind.ROLLED_BACK,
    VerdictKind.ROLLBACK_FAILED,
    VerdictKind.UNPROVEN,
    VerdictKind.CANCELLED,
}
"""Verdicts that end a release group. A superseded member does not: something newer is on its way there."""
_HALF_DONE = {VerdictKind.FAILED, VerdictKind.UNPROVEN}
"""Verdicts of members that are left as they are, whatever they wrote."""
_CAME: Mapping[VerdictKind | None, str] = {
    VerdictKind.DEPLOYED: "rolled back",
    VerdictKind.SUPERSEDED: "is not rolled back: something newer came first",
}
"""What became of a member's rollback; of any other it is that it failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupState:
    """A release group with all that is known of its members."""

    release_group: ReleaseGroupRow
    members: tuple[Deployment, ...]
    """The members that were requested, in the release group's order."""
    run_over: bool
    """Whether the run has ended: a member not requested by then never will be."""
    there: Mapping[str, str | None]
    """The deployment that is there now, by formation."""
    backs: Mapping[str, Deployment]
    """The deployments that roll members back, by formation."""
    planned: frozenset[str] = frozenset()
    """The formations where only what was planned can be applied."""
    unoffered: Mapping[str, str] = field(default_factory=dict)
    """Why no deployment was requested, by formation, as far as it is known."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Formations for which no deployment was requested."""
        offered = {member.formation for member in self.members}
        return tuple(name for name in self.release_group.formations if name not in offered)


@dataclass(frozen=True, kw_only=True, slots=True)
class NextActions:
    """What to do next; `settled` says how the group ended."""

    back: tuple[Deployment, ...] = ()
    """The members to roll back, one after the other."""
    half_done: tuple[Deployment, ...] = ()
    """Failed members of which a plan of the way back is to be approved; nothing waits for them."""
    because: str = ""
    """Why, for each of them: `shop/us, which it went with, failed: …`."""
    settled: str | None = None


def next_actions(group_state: GroupState) -> NextActions:
    """What to do next. It gives the same answer at any time, however much of it is done already."""
    members = group_state.members
    if (group_state.missing and not group_state.run_over) or any(member.verdict is None for member in members):
        return NextActions()
    because = failure(group_state)
    if because is None:
        if names := passed(members):
            return NextActions(settled=f"something newer went to {', '.join(names)}, so nothing is rolled back")
        return NextActions(settled="all of it is where it was meant to be")
    moved = [deployment for deployment in reversed(_by_end(members)) if deployment.verdict_kind is VerdictKind.DEPLOYED]
    reasons = {deployment.formation: stays(deployment, group_state) for deployment in moved}
    back = tuple(deployment for deployment in moved if reasons[deployment.formation] is None)
    half_done = tuple(member for member in members if _is_half_done(member, group_state))
    done = all(
        deployment.formation in group_state.backs and group_state.backs[deployment.formation].verdict is not None
        for deployment in (*back, *half_done)
    )
    left = {name: why for name, why in reasons.items() if why}
    settled = _outcome(group_state, because, (*back, *half_done), left) if done else None
    return NextActions(back=back, half_done=half_done, because=because, settled=settled)


def failure(group_state: GroupState) -> str | None:
    """Which member made the release group fail, and why; None if none did."""
    failed = [deployment for deployment in _by_end(group_state.members) if deployment.verdict_kind in FAILING]
    worst = next(
        (deployment for deployment in failed if deployment.verdict_kind is not VerdictKind.CANCELLED), None
    ) or next(iter(failed), None)
    if worst is not None and worst.verdict_kind is VerdictKind.CANCELLED and passed(group_state.members):
        return None  # it came after a member that was superseded
    if worst is not None and worst.verdict is not None:
        return f"{worst.label} {worst.verdict.kind.value.replace('_', ' ')}: {worst.verdict.reason}"
    if group_state.missing and group_state.run_over:
        return "; ".join(_unoffered(name, group_state) for name in group_state.missing)
    return None


def departed(members: Sequence[Deployment]) -> bool:
    """Whether any member has begun: from then on a shut window does not stop the others."""
    return any(member.started is not None for member in members)


def passed(members: Sequence[Deployment]) -> list[str]:
    """Formations where a newer deployment came first."""
    return [member.formation for member in members if member.verdict_kind is VerdictKind.SUPERSEDED]


def _by_end(members: Sequence[Deployment]) -> list[Deployment]:
    return sorted(members, key=lambda deployment: (deployment.ended or deployment.created, members.index(deployment)))


def stays(member: Deployment, group_state: GroupState) -> Stays | None:
    """Why a member is not rolled back with its failed group, or None."""
    if member.formation in group_state.backs:
        return None
    if member.keep:
        return Stays.KEPT
    if member.from_revision_id is None:
        return Stays.FIRST
    if member.from_revision_id == member.revision_id:
        return Stays.UNCHANGED
    if group_state.there.get(member.formation) != member.id:
        return Stays.NEWER
    return None


def _is_half_done(member: Deployment, group_state: GroupState) -> bool:
    """Whether it failed where nothing is undone automatically, and may have written something."""
    if member.verdict is None or member.verdict.kind not in _HALF_DONE:
        return False
    if member.formation in group_state.backs:
        return True
    wrote = member.started is not None and not member.verdict.wrote_nothing
    return wrote and member.formation in group_state.planned and stays(member, group_state) is None


def _unoffered(name: str, group_state: GroupState) -> str:
    why = group_state.unoffered.get(name, "").rstrip(".")
    return f"nothing was offered to {name}{f': {why}' if why else ''}"


def _outcome(group_state: GroupState, because: str, back: Sequence[Deployment], left: Mapping[str, Stays]) -> str:
    sentences = [because.rstrip(".")]
    for deployment in back:
        came = _CAME.get(group_state.backs[deployment.formation].verdict_kind, "did not get back")
        sentences.append(f"{deployment.formation} {came}")
    sentences += [f"{name} stays: {why.words}" for name, why in left.items()]
    return "; ".join(sentences)
