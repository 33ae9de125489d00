"""Statuses of commits at a Gitea or Forgejo."""

from __future__ import annotations

from urllib.parse import urlsplit

from sealane.notices.port import TargetAdapter, TargetContext
from sealane.notices.targets.commit_statuses import StatusFile, StatusTarget
from sealane.notices.targets.webhook import host_of
from sealane.pipelines.notices import Address


class GiteaFile(StatusFile):
    """Commits at a Gitea or Forgejo."""

    url: Address
    """Its address: https://git.example.com."""


def _open(context: TargetContext) -> StatusTarget:
    written: GiteaFile = context.written
    url = written.url.rstrip("/")
    return StatusTarget(
        api=f"{url}/api/v1",
        hosts=frozenset({urlsplit(url).hostname or ""}),
        headers={"Authorization": f"token {context.secrets[written.token]}", "User-Agent": "sealane"},
        check="/repos/search?limit=1",
        allowed=context.allowed,
    )


ADAPTER = TargetAdapter(
    file=GiteaFile,
    open=_open,
    secrets=lambda written: (written.token,),
    edits=True,
    apart=True,
    hosts=lambda written: (host_of(written.url),),
)
