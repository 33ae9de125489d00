"""The output of one attempt: limited in size, then masked. Pure except for the receiver it calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sealane.secrets.masking import Masker

LONGEST = 64 * 1024 * 1024
"""Bytes of one attempt's log that are kept. Larger logs are accidents, and nobody reads them."""


class Log:
    """Takes a step's output and passes on what may be shown; call `close` at the end."""

    def __init__(self, secrets: Mapping[str, str], tell: Callable[[bytes], None], *, longest: int = LONGEST) -> None:
        self._masker = Masker(secrets)
        self._tell = tell
        self._longest = longest
        self._room = longest
        self._dropped = 0
        self._ends_line = True

    def write(self, data: bytes) -> None:
        """Adds output. What is over the limit is only counted."""
        if self._room <= 0:
            self._dropped += len(data)
            return
        fitting, over = data[: self._room], len(data) - self._room
        self._room -= len(fitting)
        self._pass_on(self._masker.feed(fitting))
        if self._room <= 0:
            self._pass_on(self._masker.flush())
            self._say(f"the log is cut here, after {size(self._longest)}; the step goes on")
            self._dropped += max(0, over)

    def close(self) -> None:
        """Ends the output."""
        self._pass_on(self._masker.flush())
        if self._dropped:
            self._say(f"{size(self._dropped)} more were printed and not kept")

    def masked(self, text: str | None) -> str | None:
        """A reason or another short text, masked."""
        return None if text is None else self._masker.whole(text)

    def _say(self, text: str) -> None:
        self._pass_on(b"" if self._ends_line else b"\n")
        self._pass_on(f"[sealane] {text}\n".encode())

    def _pass_on(self, data: bytes) -> None:
        if data:
            self._ends_line = data.endswith(b"\n")
            self._tell(data)


def size(count: int) -> str:
    """A number of bytes for people: 64 MiB, 1.5 KiB, 12 bytes."""
    amount = float(count)
    for unit in ("bytes", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.1f}".removesuffix(".0") + f" {unit}"
        amount /= 1024
    return f"{amount:.1f}".removesuffix(".0") + " GiB"
