r"""Globs over paths, branches and references. Pure.

`*` and `?` stay within one part between slashes, `**` as a whole part stands for any number of parts, `[ab]`, `[a-z]`
and `[!a]` choose a character, `{a,b}` chooses a word, `\` takes the next character as it is. Patterns come from files
that strangers push, so matching never takes longer than pattern times text: no regular expressions.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_CHOICES = 200
"""Most alternatives from the braces of one glob."""

MOST_BRACES = 20
_EACH = 8
"""Characters that a comparison takes as long as, whatever it compares."""


_SPECIAL = frozenset("\\*?[]{},!")


class BadGlob(ValueError):
    """A glob that is not valid; the message says why."""


@dataclass(frozen=True, slots=True)
class _Any:
    """Any one character, or with `many` any number of them."""

    many: bool


@dataclass(frozen=True, slots=True)
class _Choice:
    """One character out of, or not out of, ranges."""

    ranges: tuple[tuple[str, str], ...]
    without: bool

    def has(self, character: str) -> bool:
        return any(low <= character <= high for low, high in self.ranges) is not self.without


_Token = str | _Any | _Choice
_Part = tuple[_Token, ...] | None
"""The form of one part between slashes; None is `**`."""


def problem(glob: str) -> str | None:
    """Why a glob is not valid, or None if it is."""
    try:
        _compiled(glob)
    except BadGlob as error:
        return str(error)
    return None


def matches(glob: str, text: str) -> bool:
    """Whether the glob matches the whole text. Raises BadGlob for one that is not valid."""
    parts = text.split("/")
    return any(_parts_match(pattern, parts) for pattern in _compiled(glob))


def any_matches(patterns: Iterable[str], text: str) -> bool:
    """Whether one of the globs matches the whole text."""
    return any(matches(glob, text) for glob in patterns)


def literal(text: str) -> str:
    """The glob that matches this text alone."""
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in text)


def weight(glob: str) -> int:
    """What comparing a glob with a text of one character costs: about the characters of all its choices."""
    try:
        return sum(len(text) + _EACH for text in _expanded(glob))
    except BadGlob:
        return 0


@functools.lru_cache(maxsize=1024)
def _compiled(glob: str) -> tuple[tuple[_Part, ...], ...]:
    if glob.count("{") > MOST_BRACES:
        message = f"it has more than {MOST_BRACES} braces"
        raise BadGlob(message)
    return tuple(_pattern(text) for text in _expanded(glob))


def _pattern(text: str) -> tuple[_Part, ...]:
    parts: list[_Part] = []
    for part in text.split("/"):
        if part != "**":
            parts.append(_tokens(part))
        elif parts[-1:] != [None]:
            parts.append(None)
    return tuple(parts)


def _expanded(glob: str) -> list[str]:
    """All globs without braces, one for every choice."""
    opened = _first(glob, "{")
    if opened is None:
        return [glob]
    depth, start, choices = 0, opened + 1, []
    position = opened
    while position < len(glob):
        character = glob[position]
        if character == "\\":
            position += 2
            continue
        depth += (character == "{") - (character == "}")
        if (character == "," and depth == 1) or depth == 0:
            choices.append(glob[start:position])
            start = position + 1
        if depth == 0:
            break
        position += 1
    else:
        message = "a { is never closed"
        raise BadGlob(message)
    tails = _expanded(glob[position + 1 :])
    heads = [text for choice in choices for text in _expanded(choice)]
    if len(tails) * len(heads) > MOST_CHOICES:
        message = f"its braces come to more than {MOST_CHOICES} choices"
        raise BadGlob(message)
    return [glob[:opened] + head + tail for head in heads for tail in tails]


def _first(glob: str, wanted: str) -> int | None:
    position = 0
    while position < len(glob):
        if glob[position] == "\\":
            position += 1
        elif glob[position] == wanted:
            return position
        position += 1
    return None


def _tokens(part: str) -> tuple[_Token, ...]:
    tokens: list[_Token] = []
    position = 0
    while position < len(part):
        character = part[position]
        position += 1
        if character == "\\":
            if position == len(part):
                message = "a \\ stands at the end of a part"
                raise BadGlob(message)
            tokens.append(part[position])
            position += 1
        elif character == "*":
            if tokens[-1:] != [_Any(many=True)]:
                tokens.append(_Any(many=True))
        elif character == "?":
            tokens.append(_Any(many=False))
        elif character == "[":
            choice, position = _choice(part, position)
            tokens.append(choice)
        else:
            tokens.append(character)
    return tuple(tokens)


def _choice(part: str, start: int) -> tuple[_Choice, int]:
    """The characters between brackets, and the position after them."""
    without = part[start : start + 1] in {"!", "^"}
    start += without
    end = part.find("]", start + 1)
    if end < 0:
        message = "a [ is never closed"
        raise BadGlob(message)
    ranges, position = [], start
    while position < end:
        if part[position + 1 : position + 2] == "-" and position + 2 < end:
            ranges.append((part[position], part[position + 2]))
            position += 3
        else:
            ranges.append((part[position], part[position]))
            position += 1
    return _Choice(tuple(ranges), bool(without)), end + 1


def _parts_match(pattern: Sequence[_Part], parts: Sequence[str]) -> bool:
    """Whether the parts match: follows all positions that they can reach in the pattern; None takes any number."""
    reached = _past_stars(pattern, {0})
    for part in parts:
        after = set()
        for index in reached:
            if index == len(pattern):
                continue
            wanted = pattern[index]
            if wanted is None:
                after.add(index)
            elif _part_matches(wanted, part):
                after.add(index + 1)
        reached = _past_stars(pattern, after)
    return len(pattern) in reached


def _past_stars(pattern: Sequence[_Part], reached: set[int]) -> set[int]:
    """`**` may also match no part at all."""
    stars = {index + 1 for index in reached if index < len(pattern) and pattern[index] is None}
    return reached | stars


def _part_matches(tokens: tuple[_Token, ...], text: str) -> bool:
    """The usual two pointers: on a mismatch, go back to the last `*` and let it match one more character."""
    token = position = 0
    star, taken = -1, 0
    while position < len(text):
        if token < len(tokens) and tokens[token] == _Any(many=True):
            star, taken = token, position
            token += 1
        elif token < len(tokens) and _takes(tokens[token], text[position]):
            token, position = token + 1, position + 1
        elif star >= 0:
            taken += 1
            token, position = star + 1, taken
        else:
            return False
    return all(left == _Any(many=True) for left in tokens[token:])


def _takes(token: _Token, character: str) -> bool:
    match token:
        case _Any():
            return not token.many
        case _Choice():
            return token.has(character)
        case _:
            return token == character
