"""Which events people can be told of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from sealane.outbox import notice_kinds
from sealane.outbox.model import DomainEvent, Kind
from sealane.outbox.notice_kinds import NoticeKind
from sealane.pipelines.notices import KindName


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        (Kind.DEPLOYMENT_STARTED, {}, NoticeKind.DEPLOYMENT_STARTED),
        (Kind.DEPLOYMENT_ENDED, {"verdict": "deployed"}, NoticeKind.DEPLOYMENT_DEPLOYED),
        (Kind.DEPLOYMENT_ENDED, {"verdict": "rollback_failed"}, NoticeKind.DEPLOYMENT_FAILED),
        (Kind.DEPLOYMENT_ENDED, {"verdict": "superseded"}, NoticeKind.DEPLOYMENT_SUPERSEDED),
        (Kind.DEPLOYMENT_ENDED, {"verdict": "cancelled"}, NoticeKind.DEPLOYMENT_CANCELLED),
        (Kind.DEPLOYMENT_ROLLED_BACK, {"verdict": "rolled_back"}, NoticeKind.DEPLOYMENT_ROLLED_BACK),
        (Kind.RUN_ENDED, {"status": "broken"}, NoticeKind.RUN_FAILED),
        (Kind.RUN_ENDED, {"status": "passed"}, NoticeKind.RUN_FIXED),
        (Kind.RUN_ENDED, {"status": "cancelled"}, None),
        (Kind.DRIFT_FOUND, {"objects": 1}, NoticeKind.DRIFT_FOUND),
        (Kind.DRIFT_GONE, {"objects": 1}, None),
        (Kind.HEALTH_DEGRADED, {}, NoticeKind.HEALTH_DEGRADED),
        (Kind.HEALTH_RECOVERED, {}, NoticeKind.HEALTH_RECOVERED),
        (Kind.APPROVAL_ASKED, {}, NoticeKind.APPROVAL_ASKED),
        (Kind.HOLD_SET, {}, NoticeKind.HOLD_SET),
        (Kind.RUN_STARTED, {}, None),
        (Kind.RUN_STEP, {"step": "plan/dev", "status": "passed"}, NoticeKind.PLAN_PASSED),
        (Kind.RUN_STEP, {"step": "plan/dev", "status": "broken"}, NoticeKind.PLAN_FAILED),
        (Kind.RUN_STEP, {"step": "plan/dev", "status": "running"}, None),
        (Kind.RUN_STEP, {"step": "step/plan", "status": "failed"}, None),
    ],
)
def test_an_event_is_told_as(kind: Kind, data: dict[str, Any], told: NoticeKind | None) -> None:
    assert notice_kinds.of(DomainEvent(kind=kind, at=datetime.now(UTC), data=data)) is told


def test_files_know_every_kind_that_happens() -> None:
    assert set(get_args(KindName)) == set(NoticeKind) - {NoticeKind.TEST, *notice_kinds.CLOSING}
