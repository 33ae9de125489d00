"""Positions of moments on a time line, in percent and to scale; spans without events are cut. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sealane.server.pages import text

Span = tuple[datetime, datetime]

_CUT = 5.0
"""Percent of the line for a cut span."""
_LONG = 0.25
"""A span without events is cut if it is longer than this share of the time with events."""
_MOST_CUTS = 6
_TICKS = 5
_APART = 9.0
"""Least percent between two times, for their labels."""
_NICE = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A label below the line, counted from its beginning."""

    x: float
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """A span that is left out."""

    x: float
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A span that is drawn, from `left` on, with its width in percent."""

    begin: datetime
    end: datetime
    left: float
    width: float

    def place(self, moment: datetime) -> float:
        """The moment's position; outside of the span, the nearer border."""
        whole = (self.end - self.begin) / timedelta(seconds=1)
        into = min(max((moment - self.begin) / timedelta(seconds=1), 0.0), whole)
        return self.left + (self.width * into / whole if whole else 0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """A line from the first moment to the last one."""

    blocks: tuple[Block, ...]

    def place(self, moment: datetime) -> float:
        """The moment's position in percent; inside a cut, the cut's beginning."""
        begun = [block for block in self.blocks if block.begin <= moment] or list(self.blocks[:1])
        return round(begun[-1].place(moment), 2) if begun else 0.0

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """The positions of cut spans, and their lengths."""
        pairs = itertools.pairwise(self.blocks)
        return tuple(
            Cut(x=round(left.left + left.width, 2), words=text.duration((other.begin - left.end).total_seconds()))
            for left, other in pairs
        )

    @property
    def ticks(self) -> tuple[Tick, ...]:
        """A few round times."""
        if not self.blocks:
            return ()
        drawn = sum((block.end - block.begin).total_seconds() for block in self.blocks)
        step = next((nice for nice in _NICE if drawn / nice <= _TICKS), 86_400.0 * (1 + int(drawn / 86_400 / _TICKS)))
        apart: list[Tick] = []
        for tick in self._ticks(step):
            if not apart or tick.x - apart[-1].x >= _APART:
                apart.append(tick)
        return tuple(apart)

    def _ticks(self, step: float) -> Iterator[Tick]:
        first = self.blocks[0].begin
        for block in self.blocks:
            begin, end = ((moment - first).total_seconds() for moment in (block.begin, block.end))
            number = -int(-begin // step)
            while number * step <= end:
                at = first + timedelta(seconds=number * step)
                yield Tick(x=round(block.place(at), 2), words=_short(number * step))
                number += 1


def scale(spans: Iterable[Span]) -> Scale:
    """The line with all of these spans; a single moment is a span without length."""
    active = _together(sorted(spans))
    if not active:
        return Scale(blocks=())
    drawn = sum((end - begin).total_seconds() for begin, end in active)
    gaps = [(later[0] - earlier[1]).total_seconds() for earlier, later in itertools.pairwise(active)]
    longest = sorted(range(len(gaps)), key=gaps.__getitem__, reverse=True)[:_MOST_CUTS]
    shortest = max(drawn * _LONG, 1.0)
    cut = {at for at in longest if gaps[at] > shortest}
    kept: list[Span] = [active[0]]
    for at, (begin, end) in enumerate(active[1:]):
        if at in cut:
            kept.append((begin, end))
        else:
            kept[-1] = (kept[-1][0], end)
    return Scale(blocks=tuple(_placed(kept)))


def _together(spans: Sequence[Span]) -> list[Span]:
    """Merges spans that touch or overlap."""
    joined: list[Span] = []
    for begin, end in spans:
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, max(begin, end)))
    return joined


def _placed(spans: Sequence[Span]) -> Iterator[Block]:
    whole = sum((end - begin).total_seconds() for begin, end in spans)
    room = 100.0 - _CUT * (len(spans) - 1)
    left = 0.0
    for begin, end in spans:
        share = (end - begin).total_seconds() / whole if whole else 1 / len(spans)
        yield Block(begin=begin, end=end, left=left, width=room * share)
        left += room * share + _CUT


def _short(seconds: float) -> str:
    """`0`, `0.5 s`, `30 s`, `2 min`, `1 h`."""
    if seconds == 0:
        return "0"
    if seconds < 1:
        return f"{seconds:.1f} s"
    return text.duration(round(seconds)).replace(".0 s", " s")
