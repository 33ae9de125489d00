"""Makes the output of untrusted programs safe to show: whole lines, without terminal control. Pure."""

from __future__ import annotations

from sealane import controls

LONGEST = 16 * 1024
"""Bytes of a line that are shown as one; the rest of a longer one becomes further lines."""


class Lines:
    """Cuts bytes that arrive in arbitrary pieces into lines that are safe to show."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that are complete now."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        lines = [line for part in whole for line in _cut(part)]
        while len(self._rest) > LONGEST:
            lines.append(plain(self._rest[:LONGEST]))
            self._rest = self._rest[LONGEST:]
        return lines

    def close(self) -> list[str]:
        """The rest after the last line's end, if any."""
        rest, self._rest = self._rest, b""
        return [plain(rest)] if rest else []

    @property
    def unfinished(self) -> str:
        """The unfinished line so far."""
        return plain(self._rest)


def plain(line: bytes) -> str:
    """A line as a terminal would show it: of overwritten text the last state, without escape sequences and control characters."""
    text = line.decode(errors="replace").rstrip("\r")
    text = text.rpartition("\r")[2]
    return controls.replaced(text).replace("\t", "    ")


def _cut(line: bytes) -> list[str]:
    return [plain(line[at : at + LONGEST]) for at in range(0, max(1, len(line)), LONGEST)]
