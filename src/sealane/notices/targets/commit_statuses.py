"""Commit statuses at git hosts, one context per delivery: what all hosts have in common."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from sealane.clients.notices import requests
from sealane.configfiles.fields import File
from sealane.egress import Allowlist
from sealane.notices.model import Notice
from sealane.notices.port import Reference, Telling
from sealane.outbox import notice_kinds
from sealane.outbox.notice_kinds import NoticeKind
from sealane.pipelines.notices import Reference as SecretReference

_STATES: Mapping[NoticeKind, str] = {
    NoticeKind.DEPLOYMENT_STARTED: "pending",
    NoticeKind.APPROVAL_ASKED: "pending",
    NoticeKind.DEPLOYMENT_DEPLOYED: "success",
    NoticeKind.DEPLOYMENT_ROLLED_BACK: "failure",
    NoticeKind.DEPLOYMENT_FAILED: "failure",
    NoticeKind.DEPLOYMENT_CANCELLED: "error",
    NoticeKind.DEPLOYMENT_SUPERSEDED: "error",
    NoticeKind.HOLD_SET: "failure",
    NoticeKind.RUN_FAILED: "failure",
    NoticeKind.RUN_FIXED: "success",
    NoticeKind.PLAN_PASSED: "success",
    NoticeKind.PLAN_FAILED: "failure",
}
"""Kinds that are about a commit; a formation's health is not, since no commit is to blame for it."""
_LONGEST = 140
"""Characters of a description that GitHub takes."""


class StatusFile(File):
    """Commits at a git host."""

    token: SecretReference
    """A reference to a token that may write statuses of commits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusTarget:
    """The repositories of one git host."""

    api: str
    """The address of its API."""
    hosts: frozenset[str]
    """The host names in the clone addresses of its repositories, in small letters."""
    headers: Mapping[str, str] = field(repr=False)
    check: str
    """A path of the API that answers only to a valid token."""
    allowed: Allowlist

    async def tell(self, telling: Telling) -> Reference:
        """Writes the status; ignores notices without a commit, and commits of another host.

        Raises Unavailable, Refused.
        """
        notice = telling.notice
        if notice.kind is NoticeKind.TEST:
            await requests.send(
                f"{self.api}{self.check}", b"", allowed=self.allowed, headers=self.headers, method="GET"
            )
            return {}
        commit_status = status(notice)
        where = repository(notice.repository, self.hosts)
        if commit_status is None or where is None or notice.commit is None:
            return telling.reference
        url = f"{self.api}/repos/{where}/statuses/{quote(notice.commit.id)}"
        body = json.dumps(commit_status).encode()
        headers = {"Content-Type": "application/json", **self.headers}
        await requests.send(url, body, allowed=self.allowed, headers=headers)
        return {"context": commit_status["context"]}


def status(notice: Notice) -> dict[str, Any] | None:
    """The status of a notice's commit, or None. Pure."""
    state = _STATES.get(notice.kind)
    if state is None:
        return None
    last = notice.entries[-1].text
    words = f"{last}: {notice.text}" if notice.text and notice.text.rstrip(".") not in last else last
    return {
        "state": state,
        "context": _context(notice),
        "description": words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…",
        "target_url": notice.links[0].url if notice.links else "",
    }


def _context(notice: Notice) -> str:
    """A formation's plan has a context of its own: it is no deployment of the commit."""
    part = "sealane/plan" if notice.kind in notice_kinds.OF_PLAN else "sealane"
    return f"{part}/{notice.formation}" if notice.formation else part


def repository(url: str, hosts: Collection[str]) -> str | None:
    """`owner/name` of a repository at one of the hosts; None for one elsewhere. Pure."""
    parts = urlsplit(url)
    names = [part for part in parts.path.split("/") if part]
    if parts.hostname not in hosts or len(names) < 2:
        return None
    return "/".join(quote(part) for part in (names[-2], names[-1].removesuffix(".git")))
