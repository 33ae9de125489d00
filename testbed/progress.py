"""One line that says what is under way, how far it is and how long it still takes."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Final, Self

_SECONDS_BETWEEN_LINES: Final = 15.0
_MINUTE: Final = 60


class Progress:
    """What each part is doing, printed each second on a terminal and now and then elsewhere.

    Parts are shown in the order in which they first said something, from whichever thread.
    """

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._parts: dict[str, str] = {}
        self._left: float | None = None
        self._over = threading.Event()
        self._printer = threading.Thread(target=self._print_until_over, daemon=True)

    def __enter__(self) -> Self:
        self._printer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._printer.join()
        self._print(last=True)

    def tell(self, part: str, state: str, *, left: float | None = None) -> None:
        """Say what `part` does now; `left` is how many seconds all of it still takes, where `part` knows."""
        self._parts = self._parts | {part: state}
        if left is not None:
            self._left = left

    def line(self) -> str:
        """The line as it is now."""
        passed = time.monotonic() - self._begun
        left = f", {minutes(self._left)} left" if self._left else ""
        return " · ".join([f"{clock(passed)}{left}", *(f"{part}: {state}" for part, state in self._parts.items())])

    def _print_until_over(self) -> None:
        pause = 1.0 if sys.stdout.isatty() else _SECONDS_BETWEEN_LINES
        while not self._over.wait(pause):
            self._print(last=False)

    def _print(self, *, last: bool) -> None:
        if sys.stdout.isatty():
            print(f"\r\x1b[K  {self.line()}", end="\n" if last else "", flush=True)
        else:
            print(f"  {self.line()}", flush=True)


def clock(seconds: float) -> str:
    """Minutes and seconds, as on a clock."""
    return f"{int(seconds) // _MINUTE}:{int(seconds) % _MINUTE:02}"


def minutes(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < _MINUTE:
        return "less than a minute"
    whole = round(seconds / _MINUTE)
    return f"about {whole} minute{'s' if whole > 1 else ''}"
