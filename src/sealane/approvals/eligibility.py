"""Who may answer what waits for a person. Pure."""

from __future__ import annotations

from sealane.access.model import Actor
from sealane.approvals.inbox import InboxItem, InboxKind
from sealane.environments.grants import Permission


def why_not(item: InboxItem, actor: Actor) -> str:
    """Why this person may not answer; empty if allowed."""
    if item.kind is InboxKind.APPROVAL:
        if why := item.barred.why(actor.name):
            return f"You {why}; somebody else approves."
        if actor.name in item.given:
            return "You have said yes."
    there = item.deployment
    if not item.who:
        may = actor.may(Permission.DEPLOY, there.app, there.environment)
        return "" if may else f"It is for whoever may deploy {there.app} in {there.environment} to say."
    if not actor.groups & set(item.who):
        return f"It is for {' or '.join(item.who)} to say."
    if not actor.approves_as(there.app, there.environment) & set(item.who):
        return f"Your grants do not let you approve {there.app} in {there.environment}."
    return ""
