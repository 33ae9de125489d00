"""Domain events: what each says, what it is about, and which live pages it changes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What happened."""

    RUN_REQUESTED = "run.requested"
    RUN_ORDERED = "run.ordered"
    """Its place in the line of commits is known."""
    RUN_AUTHORS = "run.authors"
    RUN_STARTED = "run.started"
    RUN_PLANNED = "run.planned"
    RUN_STEP = "run.step"
    """A step began, ended, or changed in another way."""
    RUN_REPORT = "run.report"
    """What a step's tests reported was read."""
    RUN_CANCEL_REQUESTED = "run.cancel_requested"
    RUN_ENDED = "run.ended"
    RUN_LOGS_ERASED = "run.logs_erased"
    """Somebody erased what its steps printed."""
    RELEASE_MADE = "release.made"
    RELEASE_GROUP_ENDED = "release_group.ended"

    DEPLOYMENT_REQUESTED = "deployment.requested"
    DEPLOYMENT_REVISED = "deployment.revised"
    """It has another revision now."""
    DEPLOYMENT_QUEUED = "deployment.queued"
    """Nothing stands in its way any more."""
    DEPLOYMENT_WAITING = "deployment.waiting"
    """Something stands in its way again."""
    DEPLOYMENT_STARTED = "deployment.started"
    DEPLOYMENT_STAGE = "deployment.stage"
    """A line of its timeline, with the phase it is in."""
    DEPLOYMENT_WAITING_FOR = "deployment.waiting_for"
    """What it waits for now; its timeline had that before."""
    DEPLOYMENT_OBSERVED = "deployment.observed"
    """How far its objects are."""
    DEPLOYMENT_CANCEL_REQUESTED = "deployment.cancel_requested"
    DEPLOYMENT_ENDED = "deployment.ended"
    DEPLOYMENT_ROLLED_BACK = "deployment.rolled_back"
    """It degraded soon after a good verdict, and has another one now."""
    APPROVAL_ASKED = "approval.asked"
    APPROVAL_GIVEN = "approval.given"
    APPROVAL_REFUSED = "approval.refused"
    GLASS_BROKEN = "glass.broken"
    GATE_ASKED = "gate.asked"
    GATE_PASSED = "gate.passed"
    GATE_FAILED = "gate.failed"
    HOLD_SET = "hold.set"
    HOLD_LIFTED = "hold.lifted"

    HEALTH_DEGRADED = "health.degraded"
    """What is there has trouble, which it had not before."""
    HEALTH_RECOVERED = "health.recovered"
    """It is healthy again; `data` says since when it was not, too."""
    HEALTH_CHANGED = "health.changed"
    """It fares otherwise in another way: progressing, suspended, unknown, or from one trouble to another."""
    DRIFT_FOUND = "drift.found"
    """Somebody changed what was deployed, or more of it."""
    DRIFT_FIXED = "drift.fixed"
    """What somebody changed by hand was put right, as the operators want it in that environment."""
    DRIFT_GONE = "drift.gone"
    """All is as it was deployed again."""
    FORMATION_REQUESTS = "formation.requests"
    """What it requests of its cluster is known."""
    APP_ADDED = "app.added"
    APP_HOOK_ROTATED = "app.hook_rotated"
    """It has another secret for webhooks."""
    APP_OWNER_SET = "app.owner_set"
    APP_REMOVED = "app.removed"
    INTAKE_FAILED = "intake.failed"
    """Pushes could not be taken in."""
    INTAKE_RECOVERED = "intake.recovered"

    USER_ADDED = "user.added"
    USER_GROUPS_SET = "user.groups_set"
    USER_REMOVED = "user.removed"
    ADMINISTRATOR_MADE = "administrator.made"
    """By somebody at the server's machine."""
    TOKEN_ADDED = "token.added"  # noqa: S105 - no token
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - no token
    SIGN_IN_FAILED = "sign_in.failed"
    WORKER_LEFT = "worker.left"
    WORKER_DECLARED_DEAD = "worker.declared_dead"
    """Another worker took it for dead and does its work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainEvent:
    """One thing that happened. Events are in the order in which what they say became true."""

    id: int = 0
    """Its place in that order: whoever has seen it has seen all before it. 0 until it is written."""
    kind: str
    """A `Kind`; a server of another version may have written one that this one does not know."""
    at: datetime
    app: str | None = None
    formation: str | None = None
    run: str | None = None
    deployment: str | None = None
    actor: str | None = None
    """Who did it, where somebody did. The audit is what has one; it is kept for good."""
    subject: str | None = None
    """Whom or what it was done to, where that is no app's: a user, a token, a worker."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What else is known of it; nothing in it is secret."""

    @property
    def about(self) -> str:
        """What it is about, in a word: a user, `shop/production`, `shop`."""
        return self.subject or "/".join(name for name in (self.app, self.formation) if name)


OVERVIEW = "overview"
"""The topic of pages that show a little of everything."""

_DETAILS = frozenset(
    {
        Kind.RUN_ORDERED,
        Kind.RUN_AUTHORS,
        Kind.RUN_PLANNED,
        Kind.RUN_STEP,
        Kind.RUN_REPORT,
        Kind.RUN_LOGS_ERASED,
        Kind.RELEASE_MADE,
        Kind.DEPLOYMENT_OBSERVED,
        Kind.APP_HOOK_ROTATED,
        Kind.USER_ADDED,
        Kind.USER_GROUPS_SET,
        Kind.USER_REMOVED,
        Kind.ADMINISTRATOR_MADE,
        Kind.TOKEN_ADDED,
        Kind.TOKEN_REVOKED,
        Kind.SIGN_IN_FAILED,
        Kind.WORKER_LEFT,
        Kind.WORKER_DECLARED_DEAD,
    }
)
"""What the overview does not show: what only the page of the run or the deployment itself does, and people."""


def topics(event: DomainEvent) -> frozenset[str]:
    """What pages follow that this changes: `overview`, `app:NAME`, `run:ID`, `deployment:ID`."""
    named = (
        event.kind not in _DETAILS and OVERVIEW,
        event.app and f"app:{event.app}",
        event.run and f"run:{event.run}",
        event.deployment and f"deployment:{event.deployment}",
    )
    return frozenset(topic for topic in named if topic)
