"""Semantic versions: `semver('1.10.0').isGreaterThan(semver('1.9.0'))`. Pure: knows nothing about policies."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from sealane.clients.cel_functions import Function

SEMVER = "kubernetes.Semver"
_NUMBER = r"(0|[1-9]\d*)"
_WORD = r"(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)"
_GRAMMAR = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_WORD}(?:\.{_WORD})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)


def parse(text: str, normal: bool = False) -> str:  # noqa: FBT001, FBT002 - called by CEL, by position
    """The version as text; `normal` allows a `v` before it, leading zeros and missing parts. Raises ValueError."""
    match = _GRAMMAR.fullmatch(_normalised(text) if normal else text)
    if not match:
        few = text.count(".") < 2
        message = "No Major.Minor.Patch elements found" if few else f"{text} is no semantic version"
        raise ValueError(message)
    return match[0]


def is_version(text: str, normal: bool = False) -> bool:  # noqa: FBT001, FBT002 - called by CEL, by position
    """Whether the text is a version."""
    try:
        parse(text, normal)
    except ValueError:
        return False
    return True


def compare(left: str, right: str) -> int:
    """Returns -1, 0 or 1; ignores everything after a plus."""
    a, b = _key(left), _key(right)
    return (a > b) - (a < b)


def _normalised(text: str) -> str:
    parts = text.removeprefix("v").split(".", 2)
    bare = [re.sub(r"^0+(?=\d)", "", part) if len(part) > 1 else part for part in parts]
    return ".".join([*bare, *["0"] * (3 - len(bare))]) if len(bare) < 3 and "-" not in text else ".".join(bare)


@functools.lru_cache(maxsize=256)
def _key(text: str) -> tuple[Any, ...]:
    """The sort key of versions: a pre-release comes before its release, numbers before words."""
    match = _GRAMMAR.fullmatch(text)
    assert match, text
    before = match[4].split(".") if match[4] else []
    words = tuple((0, int(word), "") if word.isdigit() else (1, 0, word) for word in before)
    return int(match[1]), int(match[2]), int(match[3]), not words, words


def _on(name: str, result: str, call: Callable[..., Any], *more: str) -> Function:
    return Function(name=name, parameters=(SEMVER, *more), result=result, call=call, member=True)


FUNCTIONS = (
    Function(name="semver", parameters=("string",), result=SEMVER, call=parse),
    Function(name="semver", parameters=("string", "bool"), result=SEMVER, call=parse),
    Function(name="isSemver", parameters=("string",), result="bool", call=is_version),
    Function(name="isSemver", parameters=("string", "bool"), result="bool", call=is_version),
    _on("isGreaterThan", "bool", lambda left, right: compare(left, right) > 0, SEMVER),
    _on("isLessThan", "bool", lambda left, right: compare(left, right) < 0, SEMVER),
    _on("compareTo", "int", compare, SEMVER),
    _on("major", "int", lambda text: _key(text)[0]),
    _on("minor", "int", lambda text: _key(text)[1]),
    _on("patch", "int", lambda text: _key(text)[2]),
)
