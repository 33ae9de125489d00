"""URLs of submodules: what a pushed commit may write there, and what is refused with its reason."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.clients import git_urls
from sealane.errors import UsageError

BASE = "https://git.example.com/team/shop.git"

GOOD = {
    "https://git.example.com/libs/colors.git": "https://git.example.com/libs/colors.git",
    "https://git.example.com:8443/libs/colors": "https://git.example.com:8443/libs/colors",
    "ssh://git@git.example.com/libs/colors.git": "ssh://git@git.example.com/libs/colors.git",
    "git@git.example.com:libs/colors.git": "ssh://git@git.example.com/libs/colors.git",
    "../colors.git": "https://git.example.com/team/colors.git",
    "../../libs/colors.git": "https://git.example.com/libs/colors.git",
    "../../a.git": "https://git.example.com/a.git",
    "./part.git": "https://git.example.com/team/shop.git/part.git",
}


@pytest.mark.parametrize(("written", "meant"), GOOD.items())
def test_what_is_by_https_or_ssh(written: str, meant: str) -> None:
    assert git_urls.resolve(written, BASE) == meant


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "no URL"),
        ("https://git.example.com/a b", "no URL"),
        ("https://git.example.com/a\nurl = x", "no URL"),
        ("C:\\windows", "no URL"),
        ("-u./payload", "an option"),
        ("--upload-pack=touch /tmp/x", "no URL"),
        ("--upload-pack=x", "an option"),
        ("ext::sh -c id", "no URL"),
        ("ext::sh%20-c", "transport ext:: runs programs"),
        ("fd::17", "transport fd:: runs programs"),
        ("file:///etc/sealane", "not by HTTPS or SSH"),
        ("/srv/repositories/other.git", "not by HTTPS or SSH"),
        ("other.git", "not by HTTPS or SSH"),
        ("git://git.example.com/a", "not by HTTPS or SSH"),
        ("http://git.example.com/a", "not by HTTPS or SSH"),
        ("ftp://git.example.com/a", "not by HTTPS or SSH"),
        ("../../../a.git", "leads out of git.example.com"),
        ("https://git.example.com/libs/../private/a", "lead elsewhere"),
        ("https://git.example.com/libs/%2e%2e/private/a", "lead elsewhere"),
        ("https://git.example.com/libs/a%2f..%2f..%2fb", "lead elsewhere"),
        ("https://git.example.com/libs//a", "lead elsewhere"),
        ("https://kim:secret@git.example.com/a", "holds a password"),
        ("https://-oProxyCommand=x/a", "host or user"),
        ("ssh://-oProxyCommand=x/a", "host or user"),
        ("ssh://-l@git.example.com/a", "host or user"),
        ("https://git.example.com:port/a", "host or user"),
        ("https:///a", "host or user"),
        ("https://[x/a", "host or user"),
        ("ssh://git@[::1/a", "host or user"),
        ("https://git.example.com/", "not a host and a path"),
        ("https://git.example.com/a?service=x", "not a host and a path"),
        ("https://git.example.com/a#b", "not a host and a path"),
    ],
)
def test_what_is_refused_says_why(written: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        git_urls.resolve(written, BASE)


@pytest.mark.parametrize("base", ["/srv/repositories/shop.git", "shop.git", ""])
def test_nothing_is_relative_to_a_folder(base: str) -> None:
    """Of a repository that Sealane serves: beside it are other apps'."""
    with pytest.raises(UsageError, match="has no URL"):
        git_urls.resolve("../store.git", base)


def test_http_only_beside_http() -> None:
    base = "http://10.0.0.7:3000/team/shop.git"
    assert git_urls.resolve("../colors.git", base) == "http://10.0.0.7:3000/team/colors.git"
    assert git_urls.resolve("http://10.0.0.7:3000/a/b", base) == "http://10.0.0.7:3000/a/b"


@pytest.mark.parametrize(
    ("url", "allowed", "yes"),
    [
        ("https://git.example.com/libs/colors.git", ["git.example.com/libs/*"], True),
        ("ssh://git@git.example.com/libs/colors", ["git.example.com/libs/colors"], True),
        ("https://GIT.example.com/libs/colors", ["git.example.com/libs/*"], True),
        ("https://git.example.com/libs/deep/colors", ["git.example.com/libs/*"], False),
        ("https://git.example.com/libs/deep/colors", ["git.example.com/libs/**"], True),
        ("https://git.example.com:8443/libs/colors", ["git.example.com/libs/*"], False),
        ("https://git.example.com.evil.example/libs/colors", ["git.example.com/libs/*"], False),
        ("https://evil.example/git.example.com/libs/colors", ["git.example.com/libs/*"], False),
        ("https://git.example.com/libs/colors", [], False),
    ],
)
def test_where_operators_let_them_come_from(url: str, allowed: list[str], yes: bool) -> None:
    assert git_urls.is_allowed(url, allowed) is yes


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("git@git.example.com:team/shop.git", "write ssh://git@git.example.com/team/shop.git"),
        ("/srv/shop.git", "it begins with https://"),
        ("file:///srv/shop.git", "it begins with https://"),
        ("https://kim:secret@git.example.com/a", "SEALANE_GIT__TOKENS"),
        ("ssh://-oProxyCommand=touch/a", "can't be a host"),
        ("ssh://git.example.com`id`/a", "can't be a host"),
        ("ssh://-oProxyCommand=touch@git.example.com/a", "can't be a user of git.example.com"),
        ("https://[::1/a", "no repository's URL: Invalid IPv6"),
        ("https://git.example.com:99999/a", "no repository's URL: Port"),
        ("ssh://git.example.com/", "not a host and a path"),
        ("https://git.example.com/a?b=c", "not a host and a path"),
    ],
)
def test_a_slip_in_a_registered_url_is_told(written: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        git_urls.check_registered(written)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.com/a.git",
        "http://[::1]:3000/a",
        "ssh://git@git.example.com:2222/~kim/a",
        "https://a%40b@h/c",
    ],
)
def test_registered_urls(url: str) -> None:
    git_urls.check_registered(url)


@given(st.text(max_size=12).map("ssh://{}".format) | st.text(max_size=12))
def test_whatever_is_registered_is_no_option_and_has_a_host(written: str) -> None:
    try:
        git_urls.check_registered(written)
    except UsageError:
        return
    assert not git_urls.host(written).startswith("-")
    assert not (urlsplit(written).username or "").startswith("-")


@given(
    st.lists(
        st.sampled_from(
            [
                "https://",
                "ssh://",
                "file://",
                "ext::",
                "..",
                ".",
                "/",
                "-",
                "@",
                ":",
                "%2e",
                "git.example.com",
                "a",
                "b",
            ]
        )
        | st.text(max_size=3),
        max_size=8,
    ).map("".join)
)
def test_whatever_is_let_pass_is_one_repository_of_one_host(written: str) -> None:
    try:
        url = git_urls.resolve(written, BASE)
    except UsageError:
        return
    parts = urlsplit(url)
    assert parts.scheme in {"https", "ssh"}
    assert parts.hostname
    assert not parts.hostname.startswith("-")
    assert not url.startswith("-")
    assert not {"..", ".", ""} & set(parts.path.strip("/").split("/"))
    git_urls.is_allowed(url, ["**"])
