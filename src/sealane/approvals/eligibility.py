"""Asking: whose word counts on what waits for a person. Pure."""

from __future__ import annotations

from sealane.access.model import ADMINISTRATORS, DEVELOPERS, Actor, Permission
from sealane.approvals.inbox import InboxItem, InboxKind


def groups(found: InboxItem) -> tuple[str, ...]:
    """The groups whose people's word counts, any of them."""
    return found.who or (ADMINISTRATORS, DEVELOPERS)


def why_not(found: InboxItem, actor: Actor) -> str:
    """Why this person's word does not count; empty when it does."""
    if found.kind is InboxKind.APPROVAL:
        if why := found.barred.why(actor.name):
            return f"You {why}; somebody else approves."
        if actor.name in found.given:
            return "You have said yes."
    if not actor.groups & set(groups(found)):
        return f"It is for {' or '.join(groups(found))} to say."
    if not found.who and not actor.may(Permission.DEPLOY, found.deployment.app):
        return f"It is for people of {found.deployment.app} to say."
    return ""
