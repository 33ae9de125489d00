"""Deployments, votes and holds to judge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sealane.approvals import authorship
from sealane.approvals.authorship import Contribution
from sealane.approvals.release_groups import GroupState
from sealane.environments.people import People
from sealane.events.model import Event, EventKind, Pusher
from sealane.pipelines.model import RunStatus
from sealane.records.deployments import ApprovalRule, Deployment, DeploymentKind, DeploymentState, Hold, Vote
from sealane.records.eligibility import Ineligible
from sealane.records.release_groups import ReleaseGroupRow
from sealane.records.runs import Run
from sealane.records.views import RunView
from sealane.verdicts.model import Verdict, VerdictKind

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def rule(*groups: str, count: int = 1) -> ApprovalRule:
    return ApprovalRule(by=groups, count=count, source="approval")


def deployment(**values: Any) -> Deployment:
    given: dict[str, Any] = {
        "id": "d-1",
        "app": "shop",
        "formation": "production",
        "sequence": 3,
        "asked": 3,
        "place": 3,
        "kind": DeploymentKind.DELIVERY,
        "state": DeploymentState.WAITING,
        "environment": "production",
        "destination": "here",
        "namespace": "shop",
        "revision_id": "sha256:1",
        "release_id": "rel-3",
        "requested_by": "ann",
        "created": NOON,
    }
    return Deployment(**{**given, **values})


def barred(subject: Deployment, *pushers: Pusher | None) -> Ineligible:
    """Who may not approve it, when this is all that it brings."""
    return authorship.barred(subject, Contribution(pushers=pushers, authors=subject.authors), People())


def vote(user: str, *groups: str, approves: bool = True, revision: str = "sha256:1") -> Vote:
    return Vote(user=user, groups=frozenset(groups), revision_id=revision, approves=approves, comment="", at=NOON)


def hold(formation: str = "production", up_to: int = 3, release: str | None = "rel-3") -> Hold:
    return Hold(
        id="h-1",
        app="shop",
        formation=formation,
        up_to=up_to,
        place=up_to,
        release_id=release,
        deployment_id="d-0",
        reason="its container ended twice",
        created=NOON,
    )


def ended(kind: VerdictKind, **values: Any) -> Deployment:
    verdict = Verdict(kind=kind, reason="the reason", at=NOON)
    return deployment(**{"state": DeploymentState.ENDED, "verdict": verdict, **values})


def group_state(*members: Deployment, **values: Any) -> GroupState:
    """A release group to eu and us of which these are offered."""
    release_group = ReleaseGroupRow(
        id="cv-1",
        app="shop",
        run_id="r-1",
        formations=("eu", "us"),
        parallel=values.pop("parallel", False),
        created=NOON,
    )
    there = {member.formation: member.id for member in members}
    given: dict[str, Any] = {"members": members, "run_over": False, "there": there, "backs": {}}
    return GroupState(**{**given, "release_group": release_group, **values})


def run_view() -> RunView:
    """A run that waits."""
    event = Event(kind=EventKind.PUSH, app="shop", received=NOON)
    run = Run(id="r-1", app="shop", sequence=3, event=event, status=RunStatus.WAITING, created=NOON)
    return RunView(run=run, steps=(), findings=(), deployments=(), release=None)
