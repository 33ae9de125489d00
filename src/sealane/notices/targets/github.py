"""Statuses of commits at GitHub, or a GitHub Enterprise Server."""

from __future__ import annotations

from urllib.parse import urlsplit

from sealane.notices.port import TargetAdapter, TargetContext
from sealane.notices.targets.commit_statuses import StatusFile, StatusTarget
from sealane.notices.targets.webhook import host_of
from sealane.pipelines.notices import Address

_PUBLIC = "https://api.github.com"


class GithubFile(StatusFile):
    """Commits at GitHub."""

    url: Address = _PUBLIC
    """The address of its API: https://github.example.com/api/v3 for an Enterprise Server."""


def _open(context: TargetContext) -> StatusTarget:
    written: GithubFile = context.written
    url = written.url.rstrip("/")
    return StatusTarget(
        api=url,
        host="github.com" if url == _PUBLIC else urlsplit(url).hostname or "",
        headers={
            "Authorization": f"Bearer {context.secrets[written.token]}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "sealane",
        },
        check="/rate_limit",
        allowed=context.allowed,
    )


ADAPTER = TargetAdapter(
    file=GithubFile,
    open=_open,
    secrets=lambda written: (written.token,),
    edits=True,
    apart=True,
    hosts=lambda written: (host_of(written.url),),
)
