"""Statuses of commits at GitHub, or a GitHub Enterprise Server."""

from __future__ import annotations

from urllib.parse import urlsplit

from sealane.notices.port import TargetAdapter, TargetContext
from sealane.notices.targets.commit_statuses import StatusFile, StatusTarget
from sealane.notices.targets.webhook import host_of
from sealane.pipelines.notices import Address

_PUBLIC_HOST = "api.github.com"
_PUBLIC = f"https://{_PUBLIC_HOST}"
_RESIDENT = ".ghe.com"


class GithubFile(StatusFile):
    """Commits at GitHub."""

    url: Address = _PUBLIC
    """The address of its API: https://github.example.com/api/v3 for an Enterprise Server, https://api.octo.ghe.com with data residency."""


def _open(context: TargetContext) -> StatusTarget:
    written: GithubFile = context.written
    url = written.url.rstrip("/")
    return StatusTarget(
        api=url,
        hosts=clone_hosts(url),
        headers={
            "Authorization": f"Bearer {context.secrets[written.token]}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "sealane",
        },
        check="/rate_limit",
        allowed=context.allowed,
    )


def clone_hosts(api: str) -> frozenset[str]:
    """Where the repositories of an API are cloned from. Pure.

    An Enterprise Server has both at one host. GitHub's own services have the API at `api.` (docs.github.com: data residency),
    and take SSH over the port of HTTPS at `ssh.` (docs.github.com: using SSH over the HTTPS port).
    """
    host = urlsplit(api).hostname or ""
    if host != _PUBLIC_HOST and not host.endswith(_RESIDENT):
        return frozenset({host})
    service = host.removeprefix("api.")
    return frozenset({service, f"ssh.{service}"})


ADAPTER = TargetAdapter(
    file=GithubFile,
    open=_open,
    secrets=lambda written: (written.token,),
    edits=True,
    apart=True,
    hosts=lambda written: (host_of(written.url),),
)
