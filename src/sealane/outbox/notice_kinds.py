"""What of all that happens people can be told of: the words of `notices:` in files. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sealane.outbox.model import DomainEvent, Kind


class NoticeKind(StrEnum):
    """What a notice is about."""

    DEPLOYMENT_STARTED = "deployment.started"
    DEPLOYMENT_DEPLOYED = "deployment.deployed"
    DEPLOYMENT_ROLLED_BACK = "deployment.rolled_back"
    DEPLOYMENT_FAILED = "deployment.failed"
    """Neither is it there, nor was it rolled back; or going back failed, too."""
    APPROVAL_ASKED = "approval.asked"
    HOLD_SET = "hold.set"
    HEALTH_DEGRADED = "health.degraded"
    HEALTH_RECOVERED = "health.recovered"
    DRIFT_FOUND = "drift.found"
    RUN_FAILED = "run.failed"
    RUN_FIXED = "run.fixed"
    """The first that passed after one that failed, on the same branch."""
    TEST = "test"
    """Nothing happened: somebody tries whether a target can be told."""


_SAME = frozenset(
    {
        NoticeKind.DEPLOYMENT_STARTED,
        NoticeKind.APPROVAL_ASKED,
        NoticeKind.HOLD_SET,
        NoticeKind.HEALTH_DEGRADED,
        NoticeKind.HEALTH_RECOVERED,
        NoticeKind.DRIFT_FOUND,
    }
)
"""Those that are an event's kind by themselves."""
_BY_VERDICT: Mapping[str, NoticeKind] = {
    "deployed": NoticeKind.DEPLOYMENT_DEPLOYED,
    "rolled_back": NoticeKind.DEPLOYMENT_ROLLED_BACK,
    "rollback_failed": NoticeKind.DEPLOYMENT_FAILED,
    "failed": NoticeKind.DEPLOYMENT_FAILED,
}
"""Superseded and cancelled ones are nobody's news."""
_BY_STATUS: Mapping[str, NoticeKind] = {
    "failed": NoticeKind.RUN_FAILED,
    "broken": NoticeKind.RUN_FAILED,
    "passed": NoticeKind.RUN_FIXED,
}


_JUDGED = frozenset({Kind.DEPLOYMENT_ENDED, Kind.DEPLOYMENT_ROLLED_BACK})
"""What says the verdict on a deployment."""
KINDS = frozenset({*_JUDGED, Kind.RUN_ENDED, *_SAME})
"""Kinds of events that people can be told of."""


def of(event: DomainEvent) -> NoticeKind | None:
    """What people can be told of it. A run that passed is fixed only where the one before it was not."""
    if event.kind in _JUDGED:
        return _BY_VERDICT.get(event.data.get("verdict", ""))
    if event.kind == Kind.RUN_ENDED:
        return _BY_STATUS.get(event.data.get("status", ""))
    return next((kind for kind in _SAME if kind == event.kind), None)
