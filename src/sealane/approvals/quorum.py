"""Quorum: whether enough different people out of the right groups agreed. Pure: knows nothing about the database.

A vote counts for the revision it was given on and for no other. Who asked for the deployment does not count, nor does
anybody twice: where two rules name the same group, one person may serve both, because each rule asks whether people of
those groups agreed, not how many hands there are in all.
"""

from __future__ import annotations

from collections.abc import Iterable

from sealane.store.model import ApprovalRule, Deployment, Vote


def counting(rule: ApprovalRule, deployment: Deployment, votes: Iterable[Vote]) -> frozenset[str]:
    """The people whose yes counts for the rule."""
    return frozenset(
        vote.user
        for vote in votes
        if vote.approves
        and vote.revision_id == deployment.revision_id
        and not asked_for(deployment, vote.user)
        and vote.groups & set(rule.by)
    )


def missing(deployment: Deployment, votes: Iterable[Vote]) -> tuple[str, ...]:
    """A line for each rule that is not met yet: `1 more of release-managers, sre`."""
    cast = tuple(votes)
    lacking = ((rule, rule.count - len(counting(rule, deployment, cast))) for rule in deployment.rules)
    return tuple(f"{count} more of {', '.join(rule.by)}" for rule, count in lacking if count > 0)


def rejected(deployment: Deployment, votes: Iterable[Vote]) -> Vote | None:
    """The first no to the revision as it is now, if there is one: it ends the deployment."""
    return next((vote for vote in votes if not vote.approves and vote.revision_id == deployment.revision_id), None)


def refusal(deployment: Deployment, user: str, groups: frozenset[str]) -> str | None:
    """Why this person may not decide on the deployment, or None."""
    if not deployment.rules:
        return "nobody's approval is asked for"
    if asked_for(deployment, user):
        return f"{user} asked for it, and who asks does not approve"
    asked = sorted({group for rule in deployment.rules for group in rule.by})
    if not groups & set(asked):
        return f"{user} is in none of the groups asked: {', '.join(asked)}"
    return None


def asked_for(deployment: Deployment, user: str) -> bool:
    """Whether the person asked for it. A commit's author is written as people write names, a user's name in small letters."""
    return deployment.requested_by is not None and user.casefold() == deployment.requested_by.casefold()
