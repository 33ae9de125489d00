"""Control characters in what strangers' programs print: what a page or a terminal leaves out. Pure.

Masking looks through the same characters, so that none inside a secret hides it there and lets it be read where they are
left out.
"""

from __future__ import annotations

import bisect
import re

_SEQUENCE = (
    r"\x1b\[[0-?]{0,128}[ -/]{0,16}(?:[@-~]|\Z)"  # CSI: colours, cursor, clearing
    r"|\x1b[\]PX^_][^\x07\x1b\n]{0,16384}(?:\x07|\x1b\\|\x1b\Z)?"  # OSC, DCS and the like: titles, clipboards, links
    r"|\x1b[ -/]{0,16}[0-~]?"
)
_SINGLE = r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]"
_WIDE = "\x80-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
"""Further controls, marks that turn the direction of text, and characters of no width."""

_TEXT = re.compile(f"{_SEQUENCE}|{_SINGLE}|[{_WIDE}]")
_BEGINNINGS = bytes([*range(9), *range(0x0B, 0x20), 0x7F, 0xC2, 0xE2, 0xEF])
_BYTES = re.compile(
    b"(?=["
    + re.escape(_BEGINNINGS)
    + b"])(?:"
    + f"{_SEQUENCE}|{_SINGLE}".encode()
    + rb"|\xc2(?:[\x80-\x9f]|\Z)|\xe2(?:\x80(?:[\x8b-\x8f\xaa-\xae]|\Z)|\x81(?:[\xa0-\xa9]|\Z)|\Z)|\xef(?:\xbb(?:\xbf|\Z)|\Z))"
)
"""The same in UTF-8; one that is not whole yet at the end counts."""
_SHOWN = re.compile(_SEQUENCE)


class Visible:
    """What is left of some data, and where its parts stood in it."""

    def __init__(self, data: bytes, starts: list[tuple[int, int]]) -> None:
        self.data = data
        self.starts = starts
        """Where each part starts: here, and in the whole."""
        self._here = [start for start, _ in starts]

    def origin(self, at: int) -> int:
        """Where a byte of what is left stands in the whole."""
        index = bisect.bisect_right(self._here, at) - 1
        return self.starts[index][1] + at - self._here[index]


def removed(text: str) -> str:
    """The text without control sequences, control characters and characters of no width; lines and tabs stay."""
    return _TEXT.sub("", text)


def replaced(text: str) -> str:
    """The text without control sequences, and a mark in place of each control character."""
    return _TEXT.sub("\ufffd", _SHOWN.sub("", text))


def visible(data: bytes) -> Visible:
    """Output without control characters."""
    if len(data.translate(None, _BEGINNINGS)) == len(data):
        return Visible(data, [(0, 0)])
    return without(_BYTES, data)


def without(pattern: re.Pattern[bytes], data: bytes) -> Visible:
    """The data without what matches."""
    parts: list[bytes] = []
    starts: list[tuple[int, int]] = []
    at = length = 0
    for found in pattern.finditer(data):
        if found.start() > at:
            starts.append((length, at))
            parts.append(data[at : found.start()])
            length += found.start() - at
        at = found.end()
    if at < len(data):
        starts.append((length, at))
        parts.append(data[at:])
    return Visible(b"".join(parts), starts)
