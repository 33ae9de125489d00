"""Precedence: which of two deployments of one formation goes first, and which ends because of the other. Pure.

The order of commits decides which is newer, not the time of the request: a push that was under way during a rollback is
newer than the rollback's target, so it is deployed after it. A deployment never ends because of one with an older
commit. An older one ends, unless a person asked for it since.
"""

from __future__ import annotations

from sealane.approvals import hold_rules
from sealane.records.deployments import Deployment, DeploymentKind

REPLACEABLE = frozenset({DeploymentKind.DELIVERY, DeploymentKind.MANUAL})
"""Kinds of admitted deployments that end because of a newer one, which would replace them. A rollback never does."""


def ends(coming: Deployment, other: Deployment) -> bool:
    """Whether `other`, which has not begun, ends because `coming` goes to its formation or is there already."""
    if coming.id == other.id:
        return False
    if other.kind.in_place:  # the revision that it scales is gone
        return (coming.place, coming.release_id) != (other.place, other.release_id)
    if other.kind is DeploymentKind.ROLLBACK:
        return not coming.kind.in_place and _came_since(coming, other)
    if other.place > coming.place:
        return False
    return coming.asked > other.asked if other.by_hand or other.place == coming.place else True


def _came_since(coming: Deployment, back: Deployment) -> bool:
    """Whether it came after the request to roll back; for a release group's rollback, after what that rolls back."""
    return coming.sequence > back.sequence if back.requested_by is None else coming.asked > back.asked


def reason(coming: Deployment, other: Deployment) -> str:
    """Why it ended, with the name of the deployment that ended it."""
    named = f"{coming.app} #{coming.sequence}"
    if other.kind in hold_rules.FREE:
        return f"{named} has come to {other.label} since"
    if other.place == coming.place:
        return f"{named} brings the same commit to {other.label}, and was asked for later"
    return f"{named}, which is newer in commits, came to {other.label} first"


def comes_first(going: Deployment, subject: Deployment) -> bool:
    """Whether `subject` waits for `going`, an admitted rollback: what was pushed meanwhile comes after it."""
    return going.kind is DeploymentKind.ROLLBACK and going.id != subject.id and subject.kind not in hold_rules.FREE
