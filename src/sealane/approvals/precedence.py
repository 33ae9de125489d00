"""Precedence: which of two deployments of one formation goes, and which ends because of it. Pure.

Commits are what is newer or older, not the moments at which somebody asked: a push that was under way when somebody went
back comes later in commits than what was gone back to, so it goes out after it. What is newer in commits than what goes
never ends because of that. What is older ends, unless a person asked for it since.
"""

from __future__ import annotations

from sealane.approvals import hold_rules
from sealane.records.deployments import Deployment, DeploymentKind

REPLACEABLE = frozenset({DeploymentKind.DELIVERY, DeploymentKind.MANUAL})
"""What need not go once it is let through, when something newer is: it would only be replaced. What goes back always goes."""


def ends(coming: Deployment, other: Deployment) -> bool:
    """Whether `other`, which has not begun, ends because `coming` goes to its formation, or is there."""
    if coming.id == other.id:
        return False
    if other.kind.in_place:  # what it scales is not there any more
        return (coming.place, coming.release_id) != (other.place, other.release_id)
    if other.kind is DeploymentKind.ROLLBACK:
        return not coming.kind.in_place and _came_since(coming, other)
    if other.place > coming.place:
        return False
    return coming.asked > other.asked if other.by_hand or other.place == coming.place else True


def _came_since(coming: Deployment, back: Deployment) -> bool:
    """Whether something came after somebody asked to go back; of a release group's, after what it rolls back."""
    return coming.sequence > back.sequence if back.requested_by is None else coming.asked > back.asked


def reason(coming: Deployment, other: Deployment) -> str:
    """Why it ended, naming what it ended by."""
    named = f"{coming.app} #{coming.sequence}"
    if other.kind in hold_rules.FREE:
        return f"{named} has come to {other.label} since"
    if other.place == coming.place:
        return f"{named} brings the same commit to {other.label}, and was asked for later"
    return f"{named}, which is newer in commits, came to {other.label} first"


def comes_first(going: Deployment, subject: Deployment) -> bool:
    """Whether `subject` waits for `going`, which is let through and goes back: what was pushed meanwhile comes after it."""
    return going.kind is DeploymentKind.ROLLBACK and going.id != subject.id and subject.kind not in hold_rules.FREE
