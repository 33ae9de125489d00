"""The rollback of a release group: each deployed member by a deployment of its own, the last one first.

Each has the number of the deployment it rolls back: a newer deployment that has begun there supersedes it, and it does
not supersede a newer one that waits. Where only plans can be applied, its start plans it, and asks people.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sealane.approvals import admission
from sealane.approvals.release_groups import GroupState, NextActions
from sealane.records.deployments import Deployment, DeploymentKind
from sealane.store import release_groups
from sealane.store.all_stores import Store
from sealane.verdicts.model import VerdictKind


async def offer(store: Store, group_state: GroupState, course: NextActions, *, at: datetime) -> None:
    """Requests the rollbacks that are next. Key: release group and formation; a repeat changes nothing."""
    for member in course.half_done:
        reason = member.verdict.reason if member.verdict else ""
        await _offer(
            store, group_state, member, after=(), note=f"rolls back {member.app} #{member.sequence}: {reason}", at=at
        )
    before: tuple[str, ...] = ()
    for member in course.back:
        note = f"rolled back with {course.because}"
        before = (await _offer(store, group_state, member, after=before, note=note, at=at),)


async def _offer(
    store: Store, group_state: GroupState, member: Deployment, *, after: tuple[str, ...], note: str, at: datetime
) -> str:
    """Requests the member's rollback unless it is there; gives its id."""
    back_id = release_groups.back_id(group_state.release_group.id, member.formation)
    if member.formation not in group_state.backs:
        target = await _verified(store, member)
        wanted = replace(
            target.afresh(),
            id=back_id,
            kind=DeploymentKind.ROLLBACK,
            sequence=member.sequence,
            requested_by=None,
            run_id=group_state.release_group.run_id,
            after=after,
            agreed=admission.met(target),
            note=note,
            created=at,
        )
        await store.deployments.offer(wanted, await store.releases.revision(target.revision_id))
    return back_id


async def _verified(store: Store, member: Deployment) -> Deployment:
    """The deployment whose revision was verified there before the member moved."""
    history = await store.deployments.history(member.app, member.formation, limit=500)
    for deployment in history:
        if deployment.revision_id == member.from_revision_id and deployment.verdict_kind is VerdictKind.DEPLOYED:
            return deployment
    assert member.from_revision_id is not None, "only what has something to roll back to is rolled back"
    # it is too old to be found, and so are its approvals
    revision = await store.releases.revision(member.from_revision_id)
    return replace(
        member,
        revision_id=revision.id,
        release_id=revision.release,
        environment=revision.environment,
        destination=revision.destination,
        namespace=revision.namespace,
        rules=(),
        agreed=(),
    )
