"""The audit's rows: what was done leads to where it was, and filters are links that keep the others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sealane.outbox.model import DomainEvent
from sealane.records.accounts import AuditFilter
from sealane.server.pages.presenters import audit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def entry(**given: Any) -> DomainEvent:
    usual: dict[str, Any] = {
        "id": 7,
        "at": NOON,
        "actor": "ann",
        "kind": "approval.given",
        "app": "shop",
        "formation": "production",
        "deployment": "d-7",
        "data": {"revision": "sha256:abc", "comment": "looks good"},
    }
    return DomainEvent(**{**usual, **given})


@pytest.mark.parametrize(
    ("given", "href"),
    [
        ({}, "/deployments/d-7"),
        ({"kind": "run.requested", "deployment": None, "run": "r-1"}, "/runs/r-1"),
        ({"kind": "app.owner_set", "deployment": None, "data": {"from": "a", "to": "b"}}, "/audit?app=shop"),
        ({"kind": "user.added", "subject": "kim", "app": None, "deployment": None}, "/audit?kind=user.added"),
    ],
    ids=str,
)
def test_a_row_leads_to_what_it_is_about(given: dict[str, Any], href: str) -> None:
    assert audit.row(entry(**given), AuditFilter()).href == href


def test_filters_are_links_that_keep_the_others() -> None:
    row = audit.row(entry(), AuditFilter(app="shop"))
    assert {link.words: link.href for link in row.facts if link.href} == {
        "by ann": "/audit?app=shop&actor=ann",
        "shop": "/audit?app=shop",
        "others like it": "/audit?app=shop&kind=approval.given",
    }
    assert row.because == "looks good"
    page = audit.page([], AuditFilter(app="shop", actor="a b"), apps=["shop"], kinds=["run.requested"], last=9)
    assert [link.href for link in page.chosen] == ["/audit?actor=a+b", "/audit?app=shop"]
    assert page.older == "/audit?app=shop&actor=a+b&before=9"


def test_rows_that_lead_to_one_place_are_told_apart() -> None:
    """A live page swaps its rows by their ids, and the keys j and k go from one to the next."""
    first, second = (audit.row(entry(id=number), AuditFilter()) for number in (7, 8))
    assert first.href == second.href
    assert first.key != second.key


def test_moments_and_hashes_are_short() -> None:
    data = {"until": "2026-11-30T21:07:16.420994+00:00", "commit": "4f" * 20, "groups": ["a", "b"], "nothing": None}
    facts = [link.words for link in audit.row(entry(data=data), AuditFilter()).facts if not link.href]
    assert facts == ["until 2026-11-30 21:07 UTC", f"commit {('4f' * 20)[:12]}…", "groups a, b"]
