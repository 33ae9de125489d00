"""Whether a reader's yes would count. Pure."""

from __future__ import annotations

from sealane.access.model import Actor
from sealane.store.model import ApprovalView


def why_not(view: ApprovalView, actor: Actor) -> str:
    """Why this reader can't approve it; empty when their yes would count."""
    groups = {group for rule in view.deployment.rules for group in rule.by}
    if view.deployment.requested_by == actor.name:
        return "You asked for it; somebody else approves."
    if not actor.groups & groups:
        return f"It is for {' or '.join(sorted(groups))} to approve."
    if any(vote.user == actor.name for vote in view.votes):
        return "You have said yes."
    return ""
