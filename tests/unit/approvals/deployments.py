"""Deployments, votes and holds to judge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sealane.store.model import ApprovalRule, Deployment, DeploymentKind, DeploymentState, Hold, Vote
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


def vote(user: str, *groups: str, approves: bool = True, revision: str = "sha256:1") -> Vote:
    return Vote(user=user, groups=frozenset(groups), revision_id=revision, approves=approves, comment="", at=NOON)


def hold(formation: str = "production", up_to: int = 3, release: str | None = "rel-3") -> Hold:
    return Hold(
        id="h-1",
        app="shop",
        formation=formation,
        up_to=up_to,
        release_id=release,
        deployment_id="d-0",
        reason="its container ended twice",
        created=NOON,
    )


def ended(kind: VerdictKind, **values: Any) -> Deployment:
    verdict = Verdict(kind=kind, reason="the reason", at=NOON)
    return deployment(**{"state": DeploymentState.ENDED, "verdict": verdict, **values})
