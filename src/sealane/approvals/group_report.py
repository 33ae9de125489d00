"""The report of a release group: how each member moved and was rolled back, as one story. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sealane.approvals import release_groups
from sealane.approvals.release_groups import GroupState
from sealane.records.deployments import Deployment
from sealane.records.release_groups import GroupReport, GroupStage, MemberReport, Part, Stays
from sealane.verdicts.model import VerdictKind

_AS_BEFORE = {VerdictKind.ROLLED_BACK, VerdictKind.CANCELLED, VerdictKind.SUPERSEDED}
"""Verdicts of members that the failed release has left again, or never reached."""


def _everybody(_: Deployment | None) -> bool:
    return True


def report(
    group_state: GroupState,
    *,
    says: Mapping[str, str] | None = None,
    shown: Callable[[Deployment | None], bool] = _everybody,
) -> GroupReport:
    """The report. `says` tells by a deployment's id what it waits for; `shown` whether the reader may see a member.

    `shown` is asked with None for members that nothing was offered to.
    """
    members = {member.formation: member for member in group_state.members}
    names = [name for name in group_state.release_group.formations if shown(members.get(name))]
    hidden = len(group_state.release_group.formations) - len(names)
    return GroupReport(
        id=group_state.release_group.id,
        run=group_state.release_group.run_id,
        parallel=group_state.release_group.parallel,
        stage=stage(group_state),
        outcome=None if hidden else group_state.release_group.outcome,
        members=tuple(_member(name, members.get(name), group_state, says or {}) for name in names),
        hidden=hidden,
    )


def stage(group_state: GroupState) -> GroupStage:
    """How far it is, or how it ended."""
    members = group_state.members
    failed = release_groups.failure(group_state) is not None
    if group_state.release_group.settled is None:
        if failed and all(member.verdict for member in members):
            return GroupStage.ROLLING_BACK
        return GroupStage.MOVING if release_groups.departed(members) else GroupStage.WAITING
    if not failed:
        return GroupStage.SUPERSEDED if release_groups.passed(members) else GroupStage.DEPLOYED
    return (
        GroupStage.ROLLED_BACK if all(_is_as_before(member, group_state) for member in members) else GroupStage.PARTLY
    )


def _is_as_before(member: Deployment, group_state: GroupState) -> bool:
    """Whether the failed release is no longer there, or never was."""
    if back := group_state.backs.get(member.formation):
        return back.verdict_kind in {VerdictKind.DEPLOYED, VerdictKind.SUPERSEDED}
    if member.verdict is None or member.verdict.wrote_nothing or member.verdict.kind in _AS_BEFORE:
        return True
    return _stays(member, group_state) in {Stays.UNCHANGED, Stays.NEWER}


def _stays(member: Deployment, group_state: GroupState) -> Stays | None:
    """Why a deployed member of a failed group is not rolled back; None if it is, or nobody knows yet."""
    failed = release_groups.failure(group_state) is not None
    if not failed or member.verdict_kind is not VerdictKind.DEPLOYED or member.formation in group_state.backs:
        return None
    settled = group_state.release_group.settled is not None
    return release_groups.stays(member, group_state) or (Stays.NEWER if settled else None)


def _member(name: str, member: Deployment | None, group_state: GroupState, says: Mapping[str, str]) -> MemberReport:
    if member is None:
        return MemberReport(formation=name, unoffered=group_state.unoffered.get(name, ""))
    back = group_state.backs.get(name)
    return MemberReport(
        formation=name,
        environment=member.environment,
        destination=member.destination,
        forward=_part(member, says),
        back=_part(back, says) if back else None,
        stays=_stays(member, group_state),
    )


def _part(deployment: Deployment, says: Mapping[str, str]) -> Part:
    good = deployment.verdict_kind is VerdictKind.DEPLOYED
    reason = deployment.verdict.reason if deployment.verdict and not good else ""
    return Part(
        deployment=deployment.id,
        page=f"/deployments/{deployment.id}",
        state=deployment.delivered,
        says=reason or says.get(deployment.id, ""),
    )
