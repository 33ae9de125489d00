"""Searches bytes for many others at once. Pure.

One pass over the data, whatever the number of wanted byte strings: one of at least fifteen bytes always covers a whole
aligned word of eight bytes, and a set tells whether any word of the data belongs to one. Only the possible ones are
then searched. Shorter ones cover a word of four bytes, if they have at least seven bytes.
"""

from __future__ import annotations

import bisect
import functools
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator

Span = tuple[int, int]

_FEW = 8
"""Up to so many are searched one after the other: that is faster than reading the data's words."""
_HEAD = 15


class Search:
    """Finds all occurrences of the wanted byte strings, and where one may begin at the end of the data."""

    def __init__(self, wanted: Iterable[bytes]) -> None:
        self.wanted = sorted(set(wanted))
        self.longest = max(map(len, self.wanted), default=0)
        short = [word for word in self.wanted if len(word) < 7]
        middle = [word for word in self.wanted if 7 <= len(word) < _HEAD]
        long = [word for word in self.wanted if len(word) >= _HEAD]
        self._groups = (_Group(1, short), _Group(4, middle), _Group(8, long))
        self._heads = _Group(8, {word[:_HEAD] for word in long})
        self._firsts = frozenset(word[:4] for word in self.wanted)

    @functools.cached_property
    def backwards(self) -> Search:
        """Finds the same backwards; made on first use, because few need it."""
        return Search(word[::-1] for word in self.wanted)

    def occurrences(self, data: bytes) -> list[Span]:
        """The span of each occurrence, including overlapping ones."""
        return [(at, at + len(word)) for group in self._groups for word, at in group.occurrences(data)]

    def beginning(self, data: bytes) -> int:
        """The start of the longest end of the data that is an incomplete beginning of one."""
        start, last = max(0, len(data) - self.longest + 1), max(0, len(data) - _HEAD)
        window = data[start:]
        for at in sorted({start + at for _, at in self._heads.occurrences(window)}):
            if self._is_beginning(data[at:]):
                return at
        for at in range(max(start, last), len(data)):
            if (len(data) - at < 4 or data[at : at + 4] in self._firsts) and self._is_beginning(data[at:]):
                return at
        return len(data)

    def _is_beginning(self, end: bytes) -> bool:
        at = bisect.bisect_right(self.wanted, end)
        return at < len(self.wanted) and self.wanted[at].startswith(end)


class _Group:
    """The wanted byte strings that cover a whole word of some bytes, by every word that they may cover."""

    def __init__(self, size: int, wanted: Iterable[bytes]) -> None:
        self._size = size
        self._wanted = list(wanted)
        self._by_word: dict[int, list[bytes]] = defaultdict(list)
        if size > 1 and len(self._wanted) > _FEW:
            for word in self._wanted:
                for at in range(size):
                    self._by_word[int.from_bytes(word[at : at + size], sys.byteorder)].append(word)
        self._words = frozenset(self._by_word)

    def occurrences(self, data: bytes) -> Iterator[tuple[bytes, int]]:
        for word in self._possible(data):
            at = data.find(word)
            while at >= 0:
                yield word, at
                at = data.find(word, at + 1)

    def _possible(self, data: bytes) -> Iterable[bytes]:
        """Those that may occur in the data."""
        if not self._words:
            return self._wanted
        whole = memoryview(data)[: len(data) // self._size * self._size]
        words = whole.cast("I") if self._size == 4 else whole.cast("Q")
        return {wanted: None for word in self._words.intersection(words) for wanted in self._by_word[word]}
