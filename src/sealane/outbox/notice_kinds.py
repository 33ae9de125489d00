"""The kinds of notices that people can receive: the values of `notices:` in files. Pure."""

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
    """It is neither deployed nor rolled back; or the rollback failed, too."""
    DEPLOYMENT_CANCELLED = "deployment.cancelled"
    DEPLOYMENT_SUPERSEDED = "deployment.superseded"
    APPROVAL_ASKED = "approval.asked"
    HOLD_SET = "hold.set"
    HEALTH_DEGRADED = "health.degraded"
    HEALTH_RECOVERED = "health.recovered"
    DRIFT_FOUND = "drift.found"
    RUN_FAILED = "run.failed"
    RUN_FIXED = "run.fixed"
    """The first run that passed after a failed one, on the same branch."""
    PLAN_PASSED = "plan.passed"
    """A pull request was planned, and may be deployed so."""
    PLAN_FAILED = "plan.failed"
    """It can't be planned, or would not be deployed so."""
    TEST = "test"
    """Nothing happened: somebody tests a target."""


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
"""Notice kinds with the name of an event's kind."""
_BY_VERDICT: Mapping[str, NoticeKind] = {
    "deployed": NoticeKind.DEPLOYMENT_DEPLOYED,
    "rolled_back": NoticeKind.DEPLOYMENT_ROLLED_BACK,
    "rollback_failed": NoticeKind.DEPLOYMENT_FAILED,
    "failed": NoticeKind.DEPLOYMENT_FAILED,
    "unproven": NoticeKind.DEPLOYMENT_FAILED,
    "cancelled": NoticeKind.DEPLOYMENT_CANCELLED,
    "superseded": NoticeKind.DEPLOYMENT_SUPERSEDED,
}
CLOSING = frozenset({NoticeKind.DEPLOYMENT_CANCELLED, NoticeKind.DEPLOYMENT_SUPERSEDED})
"""Nobody asks to be notified of these: they end what was told, so that nothing waits or rolls out forever in a message."""
OF_DEPLOYMENT = frozenset(
    {*_BY_VERDICT.values(), NoticeKind.DEPLOYMENT_STARTED, NoticeKind.APPROVAL_ASKED, NoticeKind.HOLD_SET}
)
"""Kinds that are about one deployment."""
_BY_STATUS: Mapping[str, NoticeKind] = {
    "failed": NoticeKind.RUN_FAILED,
    "broken": NoticeKind.RUN_FAILED,
    "passed": NoticeKind.RUN_FIXED,
}


OF_PLAN = frozenset({NoticeKind.PLAN_PASSED, NoticeKind.PLAN_FAILED})
_BY_STEP: Mapping[str, NoticeKind] = {
    "failed": NoticeKind.PLAN_FAILED,
    "broken": NoticeKind.PLAN_FAILED,
    "passed": NoticeKind.PLAN_PASSED,
}
_JUDGED = frozenset({Kind.DEPLOYMENT_ENDED, Kind.DEPLOYMENT_ROLLED_BACK})
"""Events that carry a deployment's verdict."""
KINDS = frozenset({*_JUDGED, Kind.RUN_ENDED, Kind.RUN_STEP, *_SAME})
"""Kinds of events that can lead to notices."""


def of(event: DomainEvent) -> NoticeKind | None:
    """The notice kind of an event. A passed run counts as fixed only when the run before it failed."""
    if event.kind in _JUDGED:
        return _BY_VERDICT.get(event.data.get("verdict", ""))
    if event.kind == Kind.RUN_ENDED:
        return _BY_STATUS.get(event.data.get("status", ""))
    if event.kind == Kind.RUN_STEP:
        kind, _, _ = str(event.data.get("step", "")).partition("/")
        return _BY_STEP.get(event.data.get("status", "")) if kind == "plan" else None
    return next((kind for kind in _SAME if kind == event.kind), None)
