"""Values of secrets that were revealed while something was done: no error that it ends in says one of them.

Whoever answers, or keeps how something ended, watches; whoever resolves a secret notes it. An error of Sealane's masks its
words when it is made, so that they are safe wherever they go. What is noted is known to this piece of work alone, and to
the tasks that it begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from sealane import errors

if TYPE_CHECKING:
    from sealane.secrets.masking import Masker


class Revealed:
    """What was revealed so far."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._masker: Masker | None = None

    def note(self, values: Iterable[str]) -> None:
        """Takes more values."""
        new = {*values} - self._values
        if new:
            self._values |= new
            self._masker = None

    def mask(self, text: str) -> str:
        """The text without any of them."""
        if not self._values:
            return text
        if self._masker is None:
            from sealane.secrets.masking import Masker  # a command that reveals nothing needs none

            self._masker = Masker.of(self._values)
        return self._masker.whole(text)


_CURRENT: ContextVar[Revealed | None] = ContextVar("revealed", default=None)


@contextmanager
def watched() -> Iterator[None]:
    """Errors that are made in here, and in tasks begun here, say nothing of what is noted in here."""
    if _CURRENT.get() is not None:
        yield
        return
    made = Revealed()
    token = _CURRENT.set(made)
    try:
        with errors.concealing(made.mask):
            yield
    finally:
        _CURRENT.reset(token)


def note(values: Iterable[str]) -> None:
    """Says that these values are known to what is being done now."""
    if (current := _CURRENT.get()) is not None:
        current.note(values)
