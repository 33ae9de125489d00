"""Error lines never seen before: what counts as one, and what makes two the same."""

from __future__ import annotations

import pytest

from sealane.deployments import new_errors


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ERROR 17 carts lost", "ERROR 4 carts lost"),
        ("2026-11-21T07:00:00.123Z error: x", "2026-11-22 08:01:02,5+01:00 error: x"),
        ("07:00:01 error: x", "23:59:59.999 error: x"),
        (
            "error for 8c21f0e0-1111-4222-8333-abcdefabcdef",
            "error for 00000000-0000-4000-8000-000000000000",
        ),
        ("error at 0x7ffe12", "error at 0xDEADBEEF"),
        ("error in commit 8c21f0e", "error in commit ab12cd3"),
        ("error to 10.0.0.1:5432", "error to 192.168.17.4:5432"),
        ('error: no user "ann"', 'error: no user "bob"'),
        ("  error:   spaces", "error: spaces"),
    ],
)
def test_lines_that_differ_in_what_changes_are_the_same(one: str, other: str) -> None:
    """Numbers, times, hexadecimal, addresses, UUIDs, quoted words and white space."""
    assert new_errors.signature(one) == new_errors.signature(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("error: no table carts", "error: no table users"),
        ('{"level":"error","msg":"no such table"}', '{"level":"error","msg":"disk is full"}'),
        ("NullPointerException", "IllegalStateException"),
    ],
)
def test_other_words_make_another_line(one: str, other: str) -> None:
    """Otherwise nothing would ever be new."""
    assert new_errors.signature(one) != new_errors.signature(other)


@pytest.mark.parametrize(
    "line",
    [
        "ERROR relation carts does not exist",
        "2026-11-21 level=error msg=timeout",
        '{"level": "error", "msg": "x"}',
        "Traceback (most recent call last):",
        "ValueError: 3",
        "java.lang.NullPointerException",
        "panic: runtime error",
        "E0211 12:00:00 leader lost: failed",
        "migration failed",
    ],
)
def test_lines_that_sound_like_errors(line: str) -> None:
    """Wherever the level stands."""
    assert new_errors.is_error(line)


@pytest.mark.parametrize(
    "line",
    [
        "INFO finished with 0 errors",
        "no errors found",
        "errors=0 requests=17",
        "level=info msg='last error was yesterday'",
        '{"level":"info","msg":"error budget is full"}',
        "2026-11-21 07:00:00 INFO error page is served at /error",
        "terror in the night",
        "GET /errors.css 200",
        "",
    ],
)
def test_lines_that_only_mention_errors(line: str) -> None:
    """Counts of nothing, and what says itself that it is information."""
    assert not new_errors.is_error(line)


def test_only_what_was_never_printed_is_new() -> None:
    """With how often, and the line as it was."""
    before = new_errors.error_signatures(["ERROR 1 timeouts", "all is well"])
    errors = new_errors.novel(before, ["ERROR 9 timeouts", "ERROR no table 1", "ERROR no table 2", "fatal: 3", "fine"])
    assert [(error.line, error.times) for error in errors] == [("ERROR no table 1", 2), ("fatal: 3", 1)]
    assert new_errors.too_many(errors)
    assert not new_errors.too_many(errors[:1])
    assert new_errors.message(errors) == (
        "3 error lines that the last verified revision never printed: ERROR no table 1 and another kind"
    )


def test_a_hostile_line_costs_little() -> None:
    """Only its beginning is looked at."""
    line = "error " + "0x" * 1_000_000
    assert len(new_errors.signature(line)) <= new_errors.LONGEST
    assert new_errors.is_error(line)
