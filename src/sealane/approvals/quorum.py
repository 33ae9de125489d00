"""Quorum: whether enough different people of the right groups approved. Pure: knows nothing about the database.

A vote counts only for the revision it was given on. The people who asked for, pushed or wrote the deployment do not
count (`authorship`), and nobody counts twice for a rule. Where two rules name the same group, one person may count for
both: each rule asks whether people of its groups approved, not how many people there are in all.
"""

from __future__ import annotations

from collections.abc import Iterable

from sealane.records.deployments import ApprovalRule, Deployment, Vote
from sealane.records.eligibility import Ineligible, IneligibleReason

_WHO = {IneligibleReason.ASKED: "who asks", IneligibleReason.PUSHED: "who pushes", IneligibleReason.WROTE: "who writes"}


def counting(rule: ApprovalRule, deployment: Deployment, votes: Iterable[Vote], barred: Ineligible) -> frozenset[str]:
    """The people whose approval counts for the rule."""
    return frozenset(
        vote.user
        for vote in votes
        if vote.approves
        and vote.revision_id == deployment.revision_id
        and not barred.why(vote.user)
        and vote.groups & set(rule.by)
    )


def lacking(rule: ApprovalRule, deployment: Deployment, votes: Iterable[Vote], barred: Ineligible) -> int:
    """How many more people the rule needs."""
    wanted = rule.count + (rule.unknown_pusher if barred.unknown else 0)
    return max(0, wanted - len(counting(rule, deployment, votes, barred)))


def missing(deployment: Deployment, votes: Iterable[Vote], barred: Ineligible) -> tuple[str, ...]:
    """A line for each rule that is not met yet: `1 more of release-managers, sre`."""
    cast = tuple(votes)
    counts = ((rule, lacking(rule, deployment, cast, barred)) for rule in deployment.rules)
    return tuple(f"{count} more of {', '.join(rule.by)}{_unknown(rule, barred)}" for rule, count in counts if count)


def _unknown(rule: ApprovalRule, barred: Ineligible) -> str:
    more = rule.unknown_pusher if barred.unknown else 0
    return f" ({more} of {rule.count + more} because nobody knows who pushed)" if more else ""


def rejected(deployment: Deployment, votes: Iterable[Vote]) -> Vote | None:
    """The first rejection of the present revision, if there is one: it ends the deployment."""
    return next((vote for vote in votes if not vote.approves and vote.revision_id == deployment.revision_id), None)


def refusal(deployment: Deployment, user: str, groups: frozenset[str], barred: Ineligible) -> str | None:
    """Why this person may not decide on the deployment, or None."""
    if not deployment.rules:
        return "nobody's approval is asked for"
    if why := barred.why(user):
        return f"{user} {why}, and {_WHO[why]} does not approve"
    asked = sorted({group for rule in deployment.rules for group in rule.by})
    if not groups & set(asked):
        return f"{user} is in none of the groups asked: {', '.join(asked)}"
    return None
