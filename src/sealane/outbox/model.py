"""Domain events: their kinds, what they are about, and which live pages they change. Pure."""

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
    """The test reports of a step were read."""
    RUN_CANCEL_REQUESTED = "run.cancel_requested"
    RUN_ENDED = "run.ended"
    RUN_LOGS_ERASED = "run.logs_erased"
    """Somebody erased the output of its steps."""
    RELEASE_MADE = "release.made"
    RELEASE_GROUP_ENDED = "release_group.ended"

    DEPLOYMENT_REQUESTED = "deployment.requested"
    DEPLOYMENT_REVISED = "deployment.revised"
    """It has another revision now."""
    DEPLOYMENT_QUEUED = "deployment.queued"
    """Nothing blocks it any more."""
    DEPLOYMENT_WAITING = "deployment.waiting"
    """Something blocks it again."""
    DEPLOYMENT_STARTED = "deployment.started"
    DEPLOYMENT_STAGE = "deployment.stage"
    """A line of its timeline, with the phase it is in."""
    DEPLOYMENT_WAITING_FOR = "deployment.waiting_for"
    """It waits for something else now; its timeline already has that line."""
    DEPLOYMENT_OBSERVED = "deployment.observed"
    """The progress of its objects changed."""
    DEPLOYMENT_CANCEL_REQUESTED = "deployment.cancel_requested"
    DEPLOYMENT_ENDED = "deployment.ended"
    DEPLOYMENT_ROLLED_BACK = "deployment.rolled_back"
    """It degraded soon after a good verdict, and has a new verdict now."""
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
    """What is deployed has a problem that it did not have before."""
    HEALTH_RECOVERED = "health.recovered"
    """It is healthy again; `data` also says since when it was not."""
    HEALTH_CHANGED = "health.changed"
    """Its health changed in another way: to progressing, suspended or unknown, or from one problem to another."""
    DRIFT_FOUND = "drift.found"
    """Somebody changed what was deployed, or changed more of it."""
    DRIFT_FIXED = "drift.fixed"
    """A manual change was reverted, as operators want in that environment."""
    DRIFT_GONE = "drift.gone"
    """Everything is as deployed again."""
    FORMATION_REQUESTS = "formation.requests"
    """The resources it requests of its cluster are known."""
    APP_ADDED = "app.added"
    APP_HOOK_ROTATED = "app.hook_rotated"
    """It has a new secret for webhooks."""
    APP_OWNER_SET = "app.owner_set"
    APP_REMOVED = "app.removed"
    APP_REPOSITORY_SET = "app.repository_set"
    """It is cloned from another URL from now on."""
    INTAKE_FAILED = "intake.failed"
    """Pushes could not be processed."""
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
    """Another worker declared it dead and took over its work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainEvent:
    """One thing that happened. Events are in the order in which the changes took effect."""

    id: int = 0
    """Its place in that order: a reader who has seen it has seen all before it. 0 until it is written."""
    kind: str
    """A `Kind`; a server of another version may have written one that is unknown here."""
    at: datetime
    app: str | None = None
    formation: str | None = None
    run: str | None = None
    deployment: str | None = None
    actor: str | None = None
    """Who did it, if a person did. Events with an actor are the audit, which is kept for ever."""
    subject: str | None = None
    """Who or what it was done to, when that belongs to no app: a user, a token, a worker."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Further facts; none of them is secret."""

    @property
    def about(self) -> str:
        """What it is about: a user, `shop/production`, `shop`."""
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
"""Kinds that the overview does not show: those about people, and those that only the page of a run or deployment shows."""


def topics(event: DomainEvent) -> frozenset[str]:
    """The topics of the pages that this event changes: `overview`, `app:NAME`, `run:ID`, `deployment:ID`."""
    named = (
        event.kind not in _DETAILS and OVERVIEW,
        event.app and f"app:{event.app}",
        event.run and f"run:{event.run}",
        event.deployment and f"deployment:{event.deployment}",
    )
    return frozenset(topic for topic in named if topic)
