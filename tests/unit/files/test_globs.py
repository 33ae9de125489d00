"""Globs match as people of other tools expect, and never take long."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.configfiles import globs

MATCHING = [
    ("main", "main"),
    ("feature/*", "feature/login"),
    ("feature/**", "feature/a/b"),
    ("src/**", "src/a.py"),
    ("src/**", "src/a/b/c.py"),
    ("**", "anything/at/all"),
    ("**/*.py", "a.py"),
    ("**/*.py", "x/y/a.py"),
    ("a/**/z", "a/z"),
    ("a/**/z", "a/b/c/z"),
    ("a/**/**/z", "a/z"),
    ("v[0-9].?", "v1.x"),
    ("[!a]b", "xb"),
    ("{main,release/*}", "release/1"),
    ("{a{1,2},b}.txt", "a2.txt"),
    ("*.{yml,yaml}", "a.yaml"),
    (r"a\*b", "a*b"),
    ("*a*b*", "xxaxxbxx"),
    ("[]]", "]"),
    ("[a-]", "-"),
    ("", ""),
]
OTHERS = [
    ("main", "main2"),
    ("feature/*", "feature/a/b"),
    ("feature/*", "feature"),
    ("src/*", "src/a/b.py"),
    ("*", "a/b"),
    ("src/**", "lib/a.py"),
    ("**/*.py", "a.pyc"),
    ("[!a]b", "ab"),
    ("?", ""),
    ("?", "/"),
    ("a/**/z", "a/b"),
    ("Main", "main"),
    (r"a\*b", "axb"),
    ("*a*b", "ba"),
]


@pytest.mark.parametrize(("glob", "text"), MATCHING)
def test_matches(glob, text):
    assert globs.matches(glob, text)


@pytest.mark.parametrize(("glob", "text"), OTHERS)
def test_does_not_match(glob, text):
    assert not globs.matches(glob, text)


@pytest.mark.parametrize(
    ("glob", "why"),
    [
        ("a[b", "a [ is never closed"),
        ("{a,b", "a { is never closed"),
        ("a\\", "a \\ stands at the end of a part"),
        ("{a,b}" * 10, "its braces come to more than 200 choices"),
        ("{" * 21, "it has more than 20 braces"),
    ],
)
def test_says_why_a_glob_cannot_be_meant(glob, why):
    assert globs.problem(glob) == why
    with pytest.raises(globs.BadGlob, match=r"."):
        globs.matches(glob, "x")


def test_a_hostile_glob_takes_no_time():
    """Where a backtracking expression would run for centuries."""
    started = time.process_time()
    assert not globs.matches("**/" * 300 + "x", "/".join("a" * 1000))
    assert not globs.matches("*a" * 300 + "b", "a" * 1000)

    assert time.process_time() - started < 10


@given(st.text(alphabet="ab/*?[]{},\\!-", max_size=30), st.text(alphabet="ab/*-", max_size=20))
def test_any_text_is_a_glob_or_says_why_not(glob, text):
    if globs.problem(glob) is None:
        globs.matches(glob, text)


@given(st.text(alphabet="abc/.-_", max_size=30))
def test_a_text_without_wildcards_matches_itself_only(text):
    assert globs.matches(text, text)
    assert not globs.matches(text, text + "x")
