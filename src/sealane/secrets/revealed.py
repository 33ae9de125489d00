"""Secret values revealed during some work: no error from that work contains one.

Code that answers a request or stores a result watches; code that resolves a secret records it. Sealane's errors mask
their messages when they are created, so they are safe everywhere. The recorded values are known only to this work and
to the tasks that it starts.
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
    """The values revealed so far."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._masker: Masker | None = None

    def note(self, values: Iterable[str]) -> None:
        """Adds values."""
        new = {*values} - self._values
        if new:
            self._values |= new
            self._masker = None

    def mask(self, text: str) -> str:
        """The text with all of them masked."""
        if not self._values:
            return text
        if self._masker is None:
            from sealane.secrets.masking import Masker  # a command that reveals nothing does not need it

            self._masker = Masker.of(self._values)
        return self._masker.whole(text)


_CURRENT: ContextVar[Revealed | None] = ContextVar("revealed", default=None)


@contextmanager
def watched() -> Iterator[None]:
    """Inside the block, and in tasks started there, errors contain none of the recorded values."""
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
    """Records that the current work has revealed these values."""
    if (current := _CURRENT.get()) is not None:
        current.note(values)
