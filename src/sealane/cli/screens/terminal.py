"""What strangers' programs print, made safe to show: whole lines, no control of the terminal. Pure."""

from __future__ import annotations

from sealane import controls

LONGEST = 16 * 1024
"""Bytes of a line that are shown as one; a longer one goes on in the next."""


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
    return controls.replaced(text).replace("\t", "    ")


def _cut(line: bytes) -> list[str]:
    return [plain(line[at : at + LONGEST]) for at in range(0, max(1, len(line)), LONGEST)]
