"""The differences between two formations of an app: commits that only one has, and manifests. Pure."""

from __future__ import annotations

from sealane.events.commits import CommitRange
from sealane.records.app_view import Comparison
from sealane.releases import changes
from sealane.server.pages.app_views import CommitsCard, ComparePage
from sealane.server.pages.presenters import overview, review


def page(comparison: Comparison) -> ComparePage:
    """The page."""
    left, right = comparison.left_name, comparison.right_name
    cards = (_card(left, right, comparison.ahead), _card(right, left, comparison.missing))
    return ComparePage(
        app=comparison.app,
        formations=comparison.formations,
        left=left,
        right=right,
        left_version=overview.version(comparison.left),
        right_version=overview.version(comparison.right),
        cards=tuple(card for card in cards if card.commits or card.words),
        difference=review.lines(changes.across(comparison.right_revision, comparison.left_revision)),
    )


def _card(has: str, lacks: str, commits: CommitRange | None) -> CommitsCard:
    title = f"In {has} and not in {lacks}"
    if commits is None:
        return CommitsCard(title=title, words="The history between the two is not known.", commits=())
    words = "" if commits.complete else "There may be more: the history is known in part."
    return CommitsCard(title=title, words=words if commits.count else "", commits=review.commits_of(commits))
