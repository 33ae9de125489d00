"""Replaces `${NAME}` in texts by the values of variables, with the operations of bash that CI systems know. Pure.

`$$` stands for one `$`. A variable that is not known is empty. The operations are those of the library that Drone and
Woodpecker use (github.com/drone/envsubst); `$NAME` without braces is left to the shell.
"""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Callable, Mapping

from sealane.errors import UsageError

MOST = 1024 * 1024
"""Characters of all texts of one container once their words are replaced."""

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


def expander(variables: Mapping[str, str]) -> Callable[[str], str]:
    """A function that replaces all words in the texts of one container.

    It raises UsageError once they are longer than MOST together: one word of 200 letters may become 50,000. Raises ValueError
    for an operation that is not known; see `problem`.
    """
    room = MOST

    def take(part: str) -> str:
        nonlocal room
        room -= len(part)
        if room < 0:
            message = f"its texts have more than {MOST:,} characters once their variables are replaced"
            raise UsageError(message, hint="put long texts into files of the repository")
        return part

    def value(word: re.Match[str]) -> str:
        return take("$" if word[0] == "$$" else _value(variables.get(word[2], ""), word[1] + word[3], word[0]))

    return lambda text: _WORD.sub(value, take(text))


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """The text with all words replaced; see `expander`."""
    return expander(variables)(text)


def count(text: str) -> int:
    """The number of words in the text."""
    return sum(word[0] != "$$" for word in _WORD.finditer(text))


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


@functools.lru_cache(maxsize=4096)
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
        if fnmatch.fnmatchcase(part, pattern):  # no braces, `*` goes over slashes, and it never goes back
            return rest
    return value


def _replaced(value: str, where: str, old: str, new: str) -> str:
    if where == "#":
        return new + value.removeprefix(old) if value.startswith(old) else value
    if where == "%":
        return value.removesuffix(old) + new if value.endswith(old) else value
    return value.replace(old, new, -1 if where == "/" else 1)
