"""What strangers' programs print, made safe to show: whole lines, no control of the terminal. Pure."""

from __future__ import annotations

import re

LONGEST = 16 * 1024
"""Bytes of a line that are shown as one; a longer one goes on in the next."""

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, clearing
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC, DCS and the like: titles, clipboards, links
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Lines:
    """Cuts bytes that arrive in any pieces into lines that are safe to show."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that are whole now."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        lines = [line for one in whole for line in _cut(one)]
        while len(self._rest) > LONGEST:
            lines.append(plain(self._rest[:LONGEST]))
            self._rest = self._rest[LONGEST:]
        return lines

    def close(self) -> list[str]:
        """What came after the last line's end, if anything."""
        rest, self._rest = self._rest, b""
        return [plain(rest)] if rest else []

    @property
    def unfinished(self) -> str:
        """The line being written, as far as it goes."""
        return plain(self._rest)


def plain(line: bytes) -> str:
    """A line as people would see it: of text that overwrites itself the last state, no escape sequences, no controls."""
    text = line.decode(errors="replace").rstrip("\r")
    text = text.rpartition("\r")[2]
    return _CONTROL.sub("\ufffd", _SEQUENCE.sub("", text)).replace("\t", "    ")


def _cut(line: bytes) -> list[str]:
    return [plain(line[at : at + LONGEST]) for at in range(0, max(1, len(line)), LONGEST)]
