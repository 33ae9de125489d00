"""Whose commits get statuses: those of repositories at the host whose API is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sealane.events.model import Event, EventKind
from sealane.notices import messages
from sealane.notices.facts import NoticeFacts, Subject
from sealane.notices.targets import commit_statuses, github
from sealane.outbox import notice_kinds
from sealane.outbox.model import DomainEvent, Kind
from sealane.pipelines.model import RunStatus
from sealane.records.runs import Run

AT = datetime(2026, 11, 30, tzinfo=UTC)

PUBLIC, SERVER, RESIDENT = "https://api.github.com", "https://git.example.com/api/v3", "https://api.octo.ghe.com"


@pytest.mark.parametrize(
    ("api", "url", "there"),
    [
        (PUBLIC, "https://GitHub.com/team/shop.git", True),
        (PUBLIC, "ssh://git@github.com/team/shop.git", True),
        (PUBLIC, "ssh://git@ssh.github.com:443/team/shop.git", True),
        (PUBLIC, "https://octo.ghe.com/team/shop.git", False),
        (PUBLIC, "https://github.com.example.com/team/shop", False),
        (SERVER, "https://git.example.com/team/shop", True),
        (SERVER, "https://github.com/team/shop", False),
        (RESIDENT, "https://octo.ghe.com/team/shop.git", True),
        (RESIDENT, "https://other.ghe.com/team/shop.git", False),
        (RESIDENT, "https://github.com/team/shop.git", False),
    ],
)
def test_whose_repositories_an_api_is_for(api: str, url: str, there: bool) -> None:
    assert commit_statuses.repository(url, github.clone_hosts(api)) == ("team/shop" if there else None)


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [("passed", "success", "planned: 1 to create."), ("failed", "failure", "would not be deployed: 1 to create.")],
)
def test_a_plan_of_a_pull_request_is_a_status_of_its_own(status: str, state: str, words: str) -> None:
    data = {"step": "plan/live", "status": status, "reason": "1 to create"}
    event = DomainEvent(kind=Kind.RUN_STEP, at=AT, app="shop", formation="live", run="r-1", data=data)
    pull_request = Event(
        kind=EventKind.PULL_REQUEST, app="shop", commit="c0ffee", branch="main", ref="refs/pull/7/head", received=AT
    )
    run = Run(id="r-1", app="shop", sequence=3, event=pull_request, status=RunStatus.RUNNING, created=AT)
    kind = notice_kinds.of(event)
    assert kind
    notice = messages.notice(
        NoticeFacts(event=event, kind=kind, subject=Subject(owner="o"), run=run, server="https://sealane.example")
    )
    assert notice.title.startswith("shop/live on pull/7: ")
    assert notice.thing == "plan:r-1/live"
    assert commit_statuses.status(notice) == {
        "state": state,
        "context": "sealane/plan/live",
        "description": words,
        "target_url": "https://sealane.example/runs/r-1?step=plan/live",
    }
