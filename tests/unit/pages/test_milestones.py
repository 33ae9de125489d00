"""What a deployment came to, phase by phase, on its page."""

from __future__ import annotations

from datetime import UTC, datetime

from sealane.server.pages.deployment_views import TimelinePoint
from sealane.server.pages.presenters import deployments

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def point(phase: str, words: str) -> TimelinePoint:
    return TimelinePoint(at=NOON, words=words, tone="ok", phase=phase)


def test_what_is_ready_after_a_rollback_is_not_taken_for_the_new_version() -> None:
    """Each phase is told by its last moment, and that of a rollback as such."""
    moments = [
        point("apply", "applied 1 object"),
        point("watch", "waits for web"),
        point("watch", "web ended twice"),
        point("revert", "applied 1 object"),
        point("revert", "everything is ready"),
        point("verdict", "rolled back"),
    ]
    told = [moment.words for moment in deployments.milestones(moments)]
    assert told == ["applied 1 object", "web ended twice", "rollback: everything is ready", "rolled back"]
