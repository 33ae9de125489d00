"""Replaces `${NAME}` in texts by the values of variables, with the operations of bash that CI systems know. Pure.

`$$` stands for one `$`. A variable that is not known is empty. The operations are those of the library that Drone and
Woodpecker use (github.com/drone/envsubst); `$NAME` without braces is left to the shell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sealane.configfiles import globs

_WORD = re.compile(r"\$\$|\$\{(#?)([A-Za-z_][A-Za-z0-9_]{0,99})((?:[^A-Za-z0-9_}][^}]{0,199})?)\}")
"""Bounded, because the text is a stranger's: without an end each `${` would be read to the end of the file."""
_SLICE = re.compile(r":(\d+)(?::(\d+))?")
_REPLACED = re.compile(r"/([/#%]?)([^/]+)/(.*)", re.DOTALL)
_CASES: Mapping[str, Callable[[str], str]] = {
    "": str,
    "^": lambda value: value[:1].upper() + value[1:],
    "^^": str.upper,
    ",": lambda value: value[:1].lower() + value[1:],
    ",,": str.lower,
}


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """The text with all words replaced. Raises ValueError for an operation that is not known; see `problem`."""

    def value(word: re.Match[str]) -> str:
        if word[0] == "$$":
            return "$"
        return _value(variables.get(word[2], ""), word[1] + word[3], word[0])

    return _WORD.sub(value, text)


def problem(text: str) -> str | None:
    """The first word with an operation that is not known, or None."""
    try:
        expanded(text, {})
    except ValueError as error:
        return str(error)
    return None


def names(text: str) -> tuple[str, ...]:
    """The variables in the text, with and without braces, in order."""
    return tuple(dict.fromkeys(re.findall(r"\$(?:\{#?)?([A-Za-z_][A-Za-z0-9_]*)", text)))


def in_braces(text: str) -> tuple[str, ...]:
    """The variables that `expanded` replaces, in order."""
    return tuple(dict.fromkeys(word[2] for word in _WORD.finditer(text) if word[2]))


def _value(value: str, operation: str, word: str) -> str:
    if operation in _CASES:
        return _CASES[operation](value)
    if operation == "#":
        return str(len(value))
    if operation.startswith((":-", ":=", "=")):
        return value or operation.lstrip(":")[1:]
    if part := _SLICE.fullmatch(operation):
        start = int(part[1])
        return value[start : start + int(part[2])] if part[2] else value[start:]
    if part := _REPLACED.fullmatch(operation):
        return _replaced(value, *part.groups())
    if operation[0] not in "#%" or not operation.strip("#%"):
        raise ValueError(word)
    return _cut(value, operation)


def _cut(value: str, operation: str) -> str:
    """Without the shortest beginning (`#`) or end (`%`) that matches; the longest, when the sign is there twice."""
    sign = operation[0]
    longest = operation[1:2] == sign
    pattern = operation[2:] if longest else operation[1:]
    lengths = range(len(value) + 1)
    for length in reversed(lengths) if longest else lengths:
        part, rest = (
            (value[:length], value[length:])
            if sign == "#"
            else (value[len(value) - length :], value[: len(value) - length])
        )
        if _matches(pattern, part):
            return rest
    return value


def _replaced(value: str, where: str, old: str, new: str) -> str:
    if where == "#":
        return new + value.removeprefix(old) if value.startswith(old) else value
    if where == "%":
        return value.removesuffix(old) + new if value.endswith(old) else value
    return value.replace(old, new, -1 if where == "/" else 1)


def _matches(pattern: str, text: str) -> bool:
    """Like a shell, where `*` goes over slashes; a pattern that is not valid matches itself."""
    try:
        return globs.matches(pattern.replace("/", "\0"), text.replace("/", "\0"))
    except globs.BadGlob:
        return pattern == text
