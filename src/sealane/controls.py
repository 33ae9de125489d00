"""Control characters in the output of untrusted programs, which pages and terminals leave out. Pure.

Masking ignores the same characters. Otherwise one of them inside a secret would keep it from being masked, and the secret
could be read where the character is left out.
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Collection

_SEQUENCE = (
    r"\x1b\[[0-?]{0,128}[ -/]{0,16}(?:[@-~]|\Z)"  # CSI: colours, cursor, clearing
    r"|\x1b[\]PX^_][^\x07\x1b\n]{0,16384}(?:\x07|\x1b\\|\x1b\Z)?"  # OSC, DCS and the like: titles, clipboards, links
    r"|\x1b[ -/]{0,16}[0-~]?"
)
_SINGLE = r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]"
_WIDE = "\x80-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
"""More control characters, marks that change the direction of text, and characters of no width."""

_TEXT = re.compile(f"{_SEQUENCE}|{_SINGLE}|[{_WIDE}]")
_BEGINNINGS = bytes([*range(9), *range(0x0B, 0x20), 0x7F, 0xC2, 0xE2, 0xEF])
_BYTES = re.compile(
    b"(?=["
    + re.escape(_BEGINNINGS)
    + b"])(?:"
    + f"{_SEQUENCE}|{_SINGLE}".encode()
    + rb"|\xc2(?:[\x80-\x9f]|\Z)|\xe2(?:\x80(?:[\x8b-\x8f\xaa-\xae]|\Z)|\x81(?:[\xa0-\xa9]|\Z)|\Z)|\xef(?:\xbb(?:\xbf|\Z)|\Z))"
)
"""The same in UTF-8; also matches an incomplete one at the end."""
_SHOWN = re.compile(_SEQUENCE)


_ESCAPED = re.compile(f"{_SINGLE}|[{_WIDE}]")
_STYLE = re.compile(r"\x1b\[([0-9;]{0,20})m")


class Visible:
    """What is left of some data, and where each part was in the original."""

    def __init__(self, data: bytes, starts: list[tuple[int, int]]) -> None:
        self.data = data
        self.starts = starts
        """Where each part starts: here, and in the whole."""
        self._here = [start for start, _ in starts]

    def origin(self, at: int) -> int:
        """The position in the original of a byte of what is left."""
        index = bisect.bisect_right(self._here, at) - 1
        return self.starts[index][1] + at - self._here[index]


def removed(text: str) -> str:
    """The text without control sequences, control characters and characters of no width; lines and tabs stay."""
    return _TEXT.sub("", text)


def own_styles_only(text: str, codes: Collection[str]) -> str:
    """The text without control sequences and characters, except style changes with these codes (SGR, ECMA-48 8.3.117)."""
    parts = _STYLE.split(text)
    allowed = (f"\x1b[{part}m" if set(part.split(";")) <= set(codes) else "" for part in parts[1::2])
    return "".join(removed(plain) + style for plain, style in itertools.zip_longest(parts[::2], allowed, fillvalue=""))


def replaced(text: str) -> str:
    """The text without control sequences, and a mark in place of each control character."""
    return _TEXT.sub("\ufffd", _SHOWN.sub("", text))


def escaped(json: str) -> str:
    """The JSON document with the characters that text leaves out written as JSON escapes, so that nothing is lost."""
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", json)


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
    for match in pattern.finditer(data):
        if match.start() > at:
            starts.append((length, at))
            parts.append(data[at : match.start()])
            length += match.start() - at
        at = match.end()
    if at < len(data):
        starts.append((length, at))
        parts.append(data[at:])
    return Visible(b"".join(parts), starts)
