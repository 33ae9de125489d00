"""The audit's rows: what was done leads to where it was, and filters are links that keep the others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sealane.records.accounts import AuditEntry, AuditFilter
from sealane.server.pages.presenters import audit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def entry(**given: Any) -> AuditEntry:
    usual: dict[str, Any] = {
        "id": 7,
        "at": NOON,
        "actor": "ann",
        "action": "approve",
        "subject": "shop/production",
        "detail": {"deployment": "d-7", "revision": "sha256:abc", "comment": "looks good"},
        "app": "shop",
    }
    return AuditEntry(**{**usual, **given})


@pytest.mark.parametrize(
    ("given", "href"),
    [
        ({}, "/deployments/d-7"),
        ({"action": "push", "subject": "shop", "detail": {"run": "r-1", "ref": "refs/heads/main"}}, "/runs/r-1"),
        ({"action": "cancel run", "subject": "r-1", "detail": None}, "/runs/r-1"),
        ({"action": "set owner", "subject": "shop", "detail": {"from": "a", "to": "b"}}, "/audit?app=shop"),
        ({"action": "add user", "subject": "kim", "app": None, "detail": None}, "/audit?action=add+user"),
        ({"action": "lift hold", "detail": {"reason": "resolved", "held": [3]}}, "/audit?app=shop"),
    ],
    ids=str,
)
def test_a_row_leads_to_what_it_is_about(given: dict[str, Any], href: str) -> None:
    assert audit.row(entry(**given), AuditFilter()).href == href


def test_filters_are_links_that_keep_the_others() -> None:
    row = audit.row(entry(), AuditFilter(app="shop"))
    assert {each.words: each.href for each in row.facts if each.href} == {
        "by ann": "/audit?app=shop&actor=ann",
        "shop": "/audit?app=shop",
        "others like it": "/audit?app=shop&action=approve",
    }
    assert row.because == "looks good"
    page = audit.page([], AuditFilter(app="shop", actor="a b"), apps=["shop"], actions=["push"], last=9)
    assert [each.href for each in page.chosen] == ["/audit?actor=a+b", "/audit?app=shop"]
    assert page.older == "/audit?app=shop&actor=a+b&before=9"


def test_moments_and_hashes_are_short() -> None:
    detail = {"until": "2026-11-30T21:07:16.420994+00:00", "commit": "4f" * 20, "groups": ["a", "b"], "nothing": None}
    facts = [each.words for each in audit.row(entry(detail=detail), AuditFilter()).facts if not each.href]
    assert facts == ["until 2026-11-30 21:07 UTC", f"commit {('4f' * 20)[:12]}…", "groups a, b"]
