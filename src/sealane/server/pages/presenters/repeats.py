"""Repeats in a log: folds what an application prints repeatedly; nothing is lost. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sealane.server.pages.deployment_views import Lines

_MOST = 2_000
"""Most lines that are searched for repeats; a longer text stays unchanged."""
_BLOCK = 3
"""This many consecutive lines count as a repeat of any lines above: a stack trace, a banner."""
_CHANGING = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-f]{8,}\b|\d+")
"""The varying parts of equal messages: times, numbers, addresses, ids."""


def folded(lines: Sequence[str]) -> tuple[Lines, ...]:
    """The lines in order; those that repeat lines above, ignoring numbers, are folded."""
    same = [_CHANGING.sub("0", line) for line in lines]
    parts: list[Lines] = []
    begun = at = 0
    while at < len(lines) <= _MOST:
        length, distance = _before(same, at)
        if not _repeats(same, at, length, distance):
            at += 1
            continue
        if begun < at:
            parts.append(Lines(lines=tuple(lines[begun:at])))
        again, block = max(1, length // distance), tuple(lines[at : at + length])
        if begun == at and parts and parts[-1].again:  # continues the last fold
            again, block = parts[-1].again + again, parts.pop().lines + block
        parts.append(Lines(lines=block, again=again))
        at += length
        begun = at
    return (*parts, Lines(lines=tuple(lines[begun:]))) if begun < len(lines) else tuple(parts)


def _before(same: Sequence[str], at: int) -> tuple[int, int]:
    """How many lines from there repeat lines above, and how far above: the longest repeat, then the nearest."""
    best, distance = 0, 1
    for back in range(1, at + 1):
        length = 0
        while at + length < len(same) and same[at + length] == same[at - back + length]:
            length += 1
        if length > best:
            best, distance = length, back
    return best, distance


def _repeats(same: Sequence[str], at: int, length: int, distance: int) -> bool:
    """Whether the repeat is worth folding: a block, several adjacent repeats, or a line's third occurrence."""
    if distance == 1:
        return length >= 1 and at >= 2 and same[at - 2] == same[at]
    return length >= _BLOCK or length >= distance
