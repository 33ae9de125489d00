"""Messages to people who push: git's client prints them after `remote:` (gitprotocol-pack(5), side-band-64k). Pure."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

END = b"0000"
"""The flush packet that ends an answer."""
_MOST = 60_000
_HEAD = 64 * 1024
_LENGTH = 4


class Head:
    """Passes a request's body on and keeps its beginning, where git's client lists its capabilities."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self._kept = b""

    async def through(self) -> AsyncIterator[bytes]:
        """The body as it comes."""
        async for chunk in self._body:
            if len(self._kept) < _HEAD:
                self._kept += chunk[: _HEAD - len(self._kept)]
            yield chunk

    @property
    def wants_words(self) -> bool:
        """Whether the client prints messages.

        The capability `quiet` is about git's own progress, and is sent whenever there is no terminal.
        """
        try:
            first = self._kept[_LENGTH : int(self._kept[:_LENGTH], 16)]
        except ValueError:
            return False
        return b"side-band-64k" in first.partition(b"\0")[2].split()


def with_messages(lines: Iterable[str], last: bytes) -> bytes:
    """The last part of git's answer with the lines before its end; unchanged if that is not an end."""
    packets = b"".join(_packet(line) for line in lines)
    return last.removesuffix(END) + packets + END if last.endswith(END) else last


def _packet(line: str) -> bytes:
    """One line on the second band, which is for people."""
    data = b"\x02" + line.encode()[:_MOST] + b"\n"
    return f"{len(data) + _LENGTH:04x}".encode() + data
