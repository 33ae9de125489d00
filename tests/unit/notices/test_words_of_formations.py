"""What a notice says of a formation: how it fares, and which fields somebody changed; never what they hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sealane.notices import messages
from sealane.notices.facts import NoticeFacts, Subject
from sealane.outbox.model import DomainEvent, Kind
from sealane.outbox.notice_kinds import NoticeKind
from sealane.records.drift import DriftedField, DriftSeen
from sealane.store import rows

SCALED = DriftedField(object="Deployment/web", path="spec.replicas", by="kubectl-scale")
FELT = DriftedField(object="Deployment/web", path="spec.paused")
GONE = DriftedField(object="Service/web")


@pytest.mark.parametrize(
    ("first", "fields", "told"),
    [
        ((SCALED,), 1, "Deployment/web spec.replicas by kubectl-scale."),
        ((GONE,), 0, "Service/web."),
        (
            (GONE, SCALED, FELT),
            6,
            "Service/web, Deployment/web spec.replicas by kubectl-scale, Deployment/web spec.paused, and 3 more.",
        ),
    ],
)
def test_a_drift_is_told_by_its_first_fields(first: tuple[DriftedField, ...], fields: int, told: str) -> None:
    objects = len({each.object for each in first})
    data: dict[str, Any] = rows.plain(DriftSeen(deployment="d-1", objects=objects, fields=fields, by=(), first=first))
    facts = _facts(Kind.DRIFT_FOUND, NoticeKind.DRIFT_FOUND, data)
    assert messages.notice(facts).text == told


@pytest.mark.parametrize("state", ["degraded", "missing"])
def test_trouble_is_called_what_it_is(state: str) -> None:
    facts = _facts(Kind.HEALTH_DEGRADED, NoticeKind.HEALTH_DEGRADED, {"state": state, "cause": "It is so."})
    told = messages.notice(facts)
    assert (told.title, told.entries[0].text) == (f"shop/eu: {state}", f"{state}: It is so")


def test_trouble_after_the_verdict_has_the_last_lines_of_the_container() -> None:
    log = {"object": "Pod/web-1", "container": "app", "lines": [f"line {number}" for number in range(30)]}
    data = {"state": "degraded", "cause": "It is so.", "log": log}
    told = messages.notice(_facts(Kind.HEALTH_DEGRADED, NoticeKind.HEALTH_DEGRADED, data))
    assert told.log_of == "Pod/web-1 (app)"
    assert told.log == tuple(f"line {number}" for number in range(10, 30))


def _facts(happened: Kind, kind: NoticeKind, data: dict[str, Any]) -> NoticeFacts:
    event = DomainEvent(kind=happened, at=datetime(2026, 11, 30, tzinfo=UTC), app="shop", formation="eu", data=data)
    return NoticeFacts(event=event, kind=kind, subject=Subject(owner="people"), server="https://x")
