"""Expressions of `evaluate`: what holds, and what is refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sealane.pipelines import expressions

KNOWN = {"B": "main", "E": "push"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("true", True),
        ('B == "main"', True),
        ("B != 'main'", False),
        ('B contains "ai" && E startsWith "p"', True),
        ('B endsWith "x" || E == "push"', True),
        ('not (B == "main" and E == "tag")', True),
        ('!(B == "main") or false', False),
        ('E in ["push", "tag"]', True),
        ('E not in ["push"]', False),
        ("E in []", False),
        ('NONE == ""', True),
        (r'B == "a\"b"', False),
        ('E == "x" or E == "push" and B == "main"', True),
        ('(B == "main") == true', True),
    ],
)
def test_what_holds(text: str, result: bool) -> None:
    assert expressions.holds(text, KNOWN) is result


def test_the_variables_in_it() -> None:
    assert list(expressions.names('A == "x" || not (B in [C, "d"])')) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it ends too early"),
        ("B", "it is a text, and no condition"),
        ("B and true", "a text is no condition: compare it"),
        ('B matches "^m"', "matches is not understood here"),
        ('B == "a', '"a is not understood'),
        ("len(B) == '3'", "len is no function here"),
        ("false and B", "a text is no condition"),
        ("B > 3", "> is not understood"),
        ("(B == E", "it ends too early"),
        ("B == E)", ") is not understood here"),
        ('B in "push"', "after in comes a list"),
        ("B in [", "it ends too early"),
        ("!" * 60 + "true", "it is nested too deeply"),
        ("(" * 60 + "true", "it is nested too deeply"),
    ],
)
@pytest.mark.parametrize("look", [expressions.names, lambda text: expressions.holds(text, KNOWN)])
def test_what_is_refused(text: str, told: str, look: Callable[[str], object]) -> None:
    """Before it is asked for, and whatever the values are."""
    with pytest.raises(expressions.BadExpression) as caught:
        look(text)
    assert str(caught.value).startswith(told)


def test_a_hostile_text_takes_no_time() -> None:
    long = " or ".join(["true"] * 20_000)
    assert expressions.holds(long, {})
    with pytest.raises(expressions.BadExpression):
        expressions.names('"' + "\\" * 50_000)
