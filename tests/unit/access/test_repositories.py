"""Where an app's repository may be: what is no URL of a git host is refused, whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.accounts import registration
from sealane.errors import UsageError


@pytest.mark.parametrize(
    "url",
    [
        *("https://[x", "http://[::1", "//[", "ssh://git.example.com:99999999/x", "https://git.example.com:port/x"),
        *(
            "https://",
            "ssh://:22/x",
            "/srv/x.git",
            "file:///x",
            "git@git.example.com:x",
            "https://kim:x@git.example.com/x",
        ),
    ],
)
def test_what_is_no_repository_s_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        registration._check_repository(url)


@pytest.mark.parametrize(
    "url", ["https://git.example.com/x.git", "ssh://git@git.example.com:2222/x", "http://[::1]:3000/x"]
)
def test_a_repository_s_url_passes(url: str) -> None:
    registration._check_repository(url)


@given(rest=st.text("[]:@/.%a1-\u2100?#", max_size=20))
def test_every_text_is_an_url_or_refused(rest: str) -> None:
    """Nothing else is raised."""
    try:
        registration._check_repository(f"https://{rest}")
    except UsageError as refused:
        assert str(refused)
