"""Functions that Kubernetes adds to CEL, by themselves; the integration tests hold them to the API server."""

from __future__ import annotations

import itertools
import time

import pytest

from sealane.clients import re2
from sealane.policies.functions import addresses, lists, urls, versions


def test_find_gives_the_whole_match_whatever_groups_the_pattern_has() -> None:
    assert re2.find("registry/app:1.4.2", r"(?P<name>\w+):(\d)") == "app:1"
    assert re2.find("a(b)c", r"\(b\)") == "(b)"
    assert re2.find("a(b", r"[(]b") == "(b"
    assert re2.find("x(y)", r"\Q(y)\E") == "(y)"
    assert re2.find("aXbX", "(?i)x") == "X"
    assert re2.find("a)b", "[)(]b") == ")b"
    assert re2.find("ab", "(?i:A)(b)") == "ab"


def test_find_all_stops_at_its_limit() -> None:
    assert re2.find_all("a1b22c333", "[0-9]+") == ["1", "22", "333"]
    assert re2.find_all("a1b22c333", "[[:digit:]]+", 2) == ["1", "22"]
    assert re2.find_all("abc", "x", -1) == []


def test_a_bad_pattern_is_an_error_and_not_an_empty_match() -> None:
    with pytest.raises(ValueError, match="Illegal regex"):
        re2.find("abc", "(")


def test_a_pattern_that_backtracking_engines_choke_on_takes_no_time() -> None:
    started = time.process_time()

    assert re2.find("a" * 5000 + "!", "(a+)+$") == ""

    assert time.process_time() - started < 5


@pytest.mark.parametrize("text", ["", "../up", "example.com", "http://[::1", "http://a b/", "/%zz", "http://a\n"])
def test_what_is_no_absolute_url_is_none(text: str) -> None:
    assert not urls.is_url(text)


@pytest.mark.parametrize(
    "text", ["http://a", "/path?x=1", "mailto:a@example.com", "http://[::1]:80/x", "http://u:p@a/b"]
)
def test_urls_and_paths_from_the_root_are_urls(text: str) -> None:
    assert urls.is_url(text)


@pytest.mark.parametrize("text", ["", "1.2.3", "::ffff:1.2.3.4", "fe80::1%eth0", "1.2.3.04", "localhost"])
def test_odd_addresses_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"[Pp]arse|zone|mapped"):
        addresses.address(text)


def test_a_range_needs_its_length() -> None:
    with pytest.raises(ValueError, match="no range"):
        addresses.interface("10.0.0.0")
    with pytest.raises(ValueError, match="no range"):
        addresses.interface("10.0.0.0/255.0.0.0")


def test_versions_sort_as_semver_says() -> None:
    wanted = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0"]

    for low, high in itertools.pairwise(wanted):
        assert versions.compare(low, high) == -1
        assert versions.compare(high, low) == 1
    assert versions.compare("1.0.0+a", "1.0.0+b") == 0


@pytest.mark.parametrize(
    ("text", "normal"), [("v1.2.3", "1.2.3"), ("1", "1.0.0"), ("01.002", "1.2.0"), ("v1.2.3-rc.1", "1.2.3-rc.1")]
)
def test_versions_are_forgiven_when_asked(text: str, normal: str) -> None:
    assert not versions.is_version(text)
    assert versions.parse(text, normal=True) == normal


def test_lists_of_different_things_can_not_be_compared() -> None:
    with pytest.raises(ValueError, match="no such overload"):
        lists.largest([1, "a"])
    with pytest.raises(ValueError, match="min called on empty list"):
        lists.smallest([])
    with pytest.raises(ValueError, match="no such overload"):
        lists.total(["a"])


def test_true_is_not_one() -> None:
    assert lists.index_of([1, True], True) == 1
    assert lists.last_index_of([True, 1], 1) == 1
    assert lists.index_of([1], 2) == -1
