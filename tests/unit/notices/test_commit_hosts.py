"""Whose commits get statuses: those of repositories at the host whose API is told."""

from __future__ import annotations

import pytest

from sealane.notices.targets import commit_statuses, github

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
